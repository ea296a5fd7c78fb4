// The server answers `console/uplot.js` with the package's own module; these are its types.
import uPlot from "uplot";
// oxlint-disable-next-line import/no-default-export -- as the package has it
export { uPlot as default };
