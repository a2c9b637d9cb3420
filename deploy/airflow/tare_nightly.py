"""
Every night: calibrate a float ONNX model on the data of the day, quantize it, compare it with the
float model on held-out data, and publish it under a name if the quantized model is good enough.

| task | does | writes below `runs` |
|---|---|---|
| `calibrate` | runs the float model over the data and counts its activations | `NAME-NIGHT-statistics` |
| `select` | chooses scales and zero points according to the recipe; no model runs | `NAME-NIGHT-RECIPE-plan` |
| `quantize` | writes the weights as integers, and the model | `NAME-NIGHT-RECIPE-quantized` |
| `gate` | compares both models; fails below `min_cosine`, without another try | `NAME-NIGHT-RECIPE-quality-LIMIT` |
| `publish` | points `NAME` to the quantized run and emits the asset `quantized_model` | `NAME/_LATEST/` |

`NIGHT` is the start of the data interval. A task that is tried again, or a run that is triggered again
for the same night, reuses finished results and publishes nothing twice. With another recipe or limit it
reuses the statistics of the night.
"""

from __future__ import annotations

import hashlib
import os
import re
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, Param, RetryDecision, RetryPolicy

# Settings of the installation. In a clone of Tare and in its archive the first one has the right default.
HOME = os.environ.get("TARE_HOME") or str(Path(__file__).resolve().parents[2])
FOLDER = "lib" if Path(HOME, "lib").is_dir() else "jobs/target"
JAR = os.environ.get("TARE_JAR") or f"{HOME}/{FOLDER}/tare-0.1.0.jar"
SPARK_PROPERTIES = os.environ.get("TARE_SPARK_PROPERTIES") or f"{HOME}/conf/spark-cluster.conf"
# A folder that the Airflow worker and every Spark worker can read: s3a:, hdfs: or a shared folder.
ROOT = os.environ.get("TARE_ROOT") or "/srv/tare"
# A HOCON file with options of Tare that are not parameters below, such as those for images; optional.
CONFIG = os.environ.get("TARE_CONFIG") or None
# A separate pool limits what all DAGs submit at once. With a pool that does not exist nothing runs.
POOL = os.environ.get("TARE_POOL") or "default_pool"

MODEL = Asset(name="quantized_model", uri="tare://nightly/quantized_model")

# Final exit codes of Tare: the same command would end with the same code again.
FINAL = {
    2: "usage, configuration or the place",
    3: "bad input or model",
    4: "the quality gate failed",
}


class VerdictsAreFinal(RetryPolicy):
    """
    Tries again after a crash, a stop (130, 143) or a failure of the platform (6), but not after a
    final exit code.
    """

    def evaluate(self, exception, try_number, max_tries, context=None):
        told = re.search(r"Error code is: (-?\d+)", str(exception))
        code = int(told[1]) if told else None
        if code in FINAL:
            return RetryDecision.fail(f"exit code {code}: {FINAL[code]}")
        return RetryDecision.default()


def night(dag_run) -> str:
    """
    What this run of the DAG is called in storage.

    It is the data interval if there is one, so that a second run for the interval finds the results of
    the first. Runs that assets trigger have no interval; for them it is the run id, cut and hashed if it
    cannot be the name of a folder.
    """
    start = dag_run.data_interval_start
    if start is not None:
        return start.strftime("%Y%m%dT%H%M")
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", dag_run.run_id)[:30]
    if plain == dag_run.run_id:
        return plain
    return f"{plain}-{hashlib.sha256(dag_run.run_id.encode()).hexdigest()[:8]}"


def day(dag_run) -> str:
    """The UTC date of the data: that of the interval's start, or of the time the run was due."""
    return (dag_run.data_interval_start or dag_run.run_after).strftime("%Y-%m-%d")


class Job:
    """The command lines of one run of the DAG."""

    def __init__(self, context):
        self.params = context["params"]
        self.dag_run = context["dag_run"]
        self.name = f"{self.params['runs'].rstrip('/')}/{self.params['name']}"
        self.night = f"{self.name}-{night(self.dag_run)}"
        # A recipe is a name or a file.
        recipe = self.params["recipe"].rpartition("/")[2].removesuffix(".conf")
        plan = f"{self.night}-{re.sub(r'[^A-Za-z0-9._-]', '-', recipe)[:30]}"
        self.statistics = f"{self.night}-statistics"
        self.plan = f"{plan}-plan"
        self.quantized = f"{plan}-quantized"
        self.quality = f"{plan}-quality-{self.params['min_cosine']}"

    def command(self, stage: str, output: str, *options: str) -> list[str]:
        command = [stage, "--model", self.params["model"], *options]
        if self.params["config"]:
            command += ["--config", self.params["config"]]
        return [*command, "--output", output, "--if-finished", "reuse"]

    def data(self, param: str) -> list[str]:
        options = ["--data", self.params[param].replace("{date}", day(self.dag_run))]
        if self.params["tokenizer"]:
            options += ["--tokenizer", self.params["tokenizer"]]
        return options


def calibrate(context, jinja_env) -> list[str]:
    job = Job(context)
    samples = ["--samples", str(job.params["samples"])]
    return job.command("calibrate", job.statistics, *job.data("data"), *samples)


def select(context, jinja_env) -> list[str]:
    job = Job(context)
    recipe = ["--recipe", job.params["recipe"]]
    return job.command("select", job.plan, "--statistics", job.statistics, *recipe)


def quantize(context, jinja_env) -> list[str]:
    job = Job(context)
    return job.command("quantize", job.quantized, "--plan", job.plan)


def gate(context, jinja_env) -> list[str]:
    job = Job(context)
    limit = ["--min-cosine", str(job.params["min_cosine"])]
    return job.command(
        "evaluate", job.quality, "--quantized", job.quantized, *job.data("held_out"), *limit
    )


def publish(context, jinja_env) -> list[str]:
    job = Job(context)
    gated = ["publish", job.quantized, "--gate", job.quality]
    if job.params["mlflow"]:
        return [*gated, "--as", job.params["name"], "--mlflow", job.params["mlflow"]]
    return [*gated, "--as", job.name]


def tell(context, result) -> None:
    """Writes the name and the run to the asset's event, so that consumers find the model."""
    job = Job(context)
    context["outlet_events"][MODEL].extra = {"name": job.name, "run": job.quantized}


def tare(task_id: str, arguments, **more) -> SparkSubmitOperator:
    return SparkSubmitOperator(
        task_id=task_id,
        application=JAR,
        java_class="dev.tare.jobs.Tare",
        # Called when the task starts, with the run's parameters; its result is shown in the UI.
        application_args=arguments,
        name=f"tare_nightly.{task_id}",
        properties_file=SPARK_PROPERTIES,
        conf={
            "spark.driver.extraJavaOptions": (
                f"-Dlog4j2.configurationFile=file:{HOME}/conf/log4j2.properties"
            )
        },
        **more,
    )


with DAG(
    dag_id="tare_nightly",
    description="Quantize a model on the day's data, publish it if it is good enough",
    doc_md=__doc__,
    tags=["tare", "spark"],
    # The run of a night has the 24 hours before it as its data interval.
    schedule=CronDataIntervalTimetable("0 2 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    # Nights of one name are published in their order.
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=20),
    default_args={
        "owner": "tare",
        "pool": POOL,
        "retries": 2,
        "retry_policy": VerdictsAreFinal(),
        "execution_timeout": timedelta(hours=6),
    },
    params={
        "name": Param(
            "model",
            type="string",
            pattern="^[A-Za-z0-9._-]{1,30}$",
            description="Name below the folder of runs that readers follow; one for each model and purpose.",
        ),
        "model": Param(
            f"{ROOT}/models/model.onnx",
            type="string",
            minLength=1,
            description="The float ONNX model, path or URI.",
        ),
        "data": Param(
            f"{ROOT}/data/{{date}}",
            type="string",
            minLength=1,
            description="What to calibrate on: file, folder or glob, path or URI. {date} becomes"
            " the UTC date on which the data interval starts, like 2026-11-22.",
        ),
        "held_out": Param(
            f"{ROOT}/held-out",
            type="string",
            minLength=1,
            description="What the gate compares on: data that calibration never sees. {date} as"
            " above.",
        ),
        "tokenizer": Param(
            None,
            type=["null", "string"],
            minLength=1,
            description="The model's tokenizer.json where the data is text, path or URI.",
        ),
        "recipe": Param(
            "int8",
            type="string",
            minLength=1,
            examples=["int8", "int8-mse", "int8-percentile", "int8-cnn", "int8-all", "int16x8"],
            description="What to quantize and how: a recipe's name, or a file of your own.",
        ),
        "samples": Param(
            1024,
            type="integer",
            minimum=1,
            description="Rows to calibrate on, chosen by hash.",
        ),
        "min_cosine": Param(
            0.985,
            type="number",
            minimum=-1,
            maximum=1,
            description="The gate: least mean cosine between the outputs of both models.",
        ),
        "runs": Param(
            f"{ROOT}/runs",
            type="string",
            minLength=1,
            description="Folder of all runs and names, path or URI.",
        ),
        "mlflow": Param(
            None,
            type=["null", "string"],
            pattern="^https?://",
            description="An MLflow server where the model becomes a version of the registered model"
            " of that name, with the alias current, instead of a pointer below the folder of runs.",
        ),
        "config": Param(
            CONFIG,
            type=["null", "string"],
            minLength=1,
            description="Tare configuration file with further options, such as image-size or"
            " tokenizer, path or URI.",
        ),
    },
):
    (
        tare("calibrate", calibrate)
        >> tare("select", select)
        >> tare("quantize", quantize)
        >> tare("gate", gate)
        >> tare("publish", publish, outlets=[MODEL], post_execute=tell)
    )
