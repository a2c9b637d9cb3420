"""Says what Airflow makes of a DAG file, as one line of JSON: airflow_dag.py FOLDER FILE."""

import json
import os
import sys
import time
from datetime import datetime, timezone
from importlib.util import module_from_spec, spec_from_file_location
from types import SimpleNamespace

START = time.perf_counter()

from airflow.dag_processing.dagbag import DagBag
from airflow.providers.apache.spark.operators import spark_submit  # noqa: F401
from airflow.serialization.serialized_objects import DagSerialization

folder, file = sys.argv[1:]
sys.dont_write_bytecode = True


def outside(event, arguments):
    """Whether the interpreter is about to reach out of the process, or to write."""
    if event == "open":
        flags = arguments[2] or 0
        return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return event.split(".")[0] in ("socket", "subprocess", "sqlite3", "os", "shutil") and event not in (
        "os.listdir",
        "os.scandir",
    )


class Watch:
    on = False
    seen = []

    @classmethod
    def hook(cls, event, arguments):
        if cls.on and outside(event, arguments):
            cls.seen.append(f"{event} {arguments}")


sys.addaudithook(Watch.hook)
spec = spec_from_file_location("watched", os.path.join(folder, file))
module = module_from_spec(spec)
Watch.on = True
spec.loader.exec_module(module)
Watch.on = False
seconds = time.perf_counter() - START
reached, Watch.seen = Watch.seen, []

# What the watch is worth: it must see this.
Watch.on = True
with open(os.devnull, "w"):
    Watch.on = False

bag = DagBag(folder)
dag = bag.dags[file.removesuffix(".py")]
# What the scheduler sees of it; raises where something cannot be stored.
DagSerialization.serialize_dag(dag)


def run(run_id, start=None):
    return SimpleNamespace(
        run_id=run_id,
        data_interval_start=start,
        run_after=datetime(2026, 11, 23, 12, 0, tzinfo=timezone.utc),
    )


kinds = {
    "interval": run("manual__x", datetime(2026, 11, 22, 2, 0, tzinfo=timezone.utc)),
    "asset": run("asset_triggered__2026-11-23T12:00:00.123456+00:00_q2cVt3"),
    "other asset": run("asset_triggered__2026-11-23T12:00:00.123456+00:00_Xy7abc"),
    "named": run("try-2"),
}
values = {key: dag.params.get_param(key).value for key in dag.params}
registered = {"params": {**values, "mlflow": "http://mlflow:5000"}, "dag_run": kinds["named"]}
print(
    json.dumps(
        {
            "errors": bag.import_errors,
            "seconds": seconds,
            "reached": reached,
            "control": Watch.seen,
            "dags": sorted(bag.dags),
            "chain": [[t.task_id, sorted(t.downstream_task_ids)] for t in dag.topological_sort()],
            "tasks": {
                t.task_id: {
                    "operator": t.task_type,
                    "application": t.application,
                    "retries": t.retries,
                    "hours": t.execution_timeout.total_seconds() / 3600,
                    "pool": t.pool,
                    "outlets": [asset.uri for asset in t.outlets],
                }
                for t in dag.tasks
            },
            "active": dag.max_active_runs,
            "catchup": dag.catchup,
            "timetable": f"{type(dag.timetable).__name__} {dag.timetable.expression}",
            "doc": dag.doc_md,
            "params": {
                key: {"value": param.value, **param.schema, "description": param.description}
                for key, param in ((k, dag.params.get_param(k)) for k in dag.params)
            },
            "nights": {kind: module.night(of) for kind, of in kinds.items()},
            "days": {kind: module.day(of) for kind, of in kinds.items()},
            "registered": module.publish(registered, None),
        }
    )
)
