import { element } from "./element.js";

/** The text of manifests/samples/minimal.yaml. */
const sample = `apiVersion: millrace.dev/v1alpha1
kind: WorkerAutoscaler
metadata:
  name: images
spec:
  scaleTargetRef: { name: image-worker }
  queues: [{ name: jobs.image }]
  objective: { waitSeconds: 15 }
  replicas: { max: 50 }`;

/** What to do where no autoscaler exists yet. */
export const emptyAdvice = () =>
  element(
    "div",
    { class: "empty", hidden: true },
    element("p", {}, "The operator answers, and no autoscaler has been given to it. These lines make one:"),
    element("pre", { tabindex: 0, "aria-label": "A WorkerAutoscaler" }, sample),
    element(
      "p",
      {},
      "On a cluster: ",
      element("code", {}, "kubectl apply -f images.yaml"),
      ". Beside local processes: put the file into a folder that the operator reads. It appears here by itself.",
    ),
  );
