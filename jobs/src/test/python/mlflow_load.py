"""Loads a registered model as a user of MLflow does: mlflow_load.py SERVER MODEL-URI RUN-ID RUN-FOLDER."""

import os
import sys
from pathlib import Path

import mlflow
import numpy as np
import onnxruntime

server, uri, run_id, folder = sys.argv[1:]
os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
mlflow.set_tracking_uri(server)

model = mlflow.onnx.load_model(uri)
assert model.SerializeToString()
session = onnxruntime.InferenceSession(Path(folder, "model.onnx").read_bytes())
width = session.get_inputs()[0].shape[-1]
rows = np.random.default_rng(1).normal(size=(3, width)).astype(np.float32)
expected = session.run(None, {"x": rows})[0]
# The flavour python_function checks the signature.
predicted = mlflow.pyfunc.load_model(uri).predict({"x": rows})
np.testing.assert_array_equal(next(iter(predicted.values())), expected)

run = mlflow.get_run(run_id)
assert run.info.status == "FINISHED", run.info.status
assert 0.95 < run.data.metrics["cosine_mean"] <= 1, run.data.metrics
assert run.data.metrics["model_bytes"] > 0
assert run.data.params["recipe"], run.data.params
names = {item.path for item in mlflow.MlflowClient().list_artifacts(run_id)}
assert {"report.html", "plan.json", "quality.json", "manifest.json", "model"} <= names, names
signature = mlflow.models.get_model_info(uri).signature
assert signature.inputs.input_names() == ["x"], signature
print("loaded")
