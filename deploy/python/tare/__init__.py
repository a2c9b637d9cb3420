"""
Tare from Python: the command ``tare``, and the settings that a PySpark session needs for its tables.

    spark = SparkSession.builder.config(map=tare.spark_conf("runs")).getOrCreate()
    spark.sql("SELECT run_id, gate FROM tare.runs").show()
"""

import os
import sys
from pathlib import Path

HOME = Path(__file__).parent / "home"


def jar():
    """The application jar, for --jars and spark.jars."""
    return str(next((HOME / "lib").glob("tare-*.jar")))


def spark_conf(root=None):
    """
    Settings of a Spark session with the catalog ``tare``.

    root is the folder of the runs (file:, hdfs: or s3a:); without it spark.sql.catalog.tare.root has to be
    set elsewhere.
    """
    conf = {"spark.jars": jar(), "spark.sql.catalog.tare": "dev.tare.jobs.sql.TareCatalog"}
    if root is not None:
        conf["spark.sql.catalog.tare.root"] = str(root)
    return conf


def main():
    """The command ``tare``; Spark is SPARK_HOME or the PySpark beside this package."""
    environment = dict(os.environ, TARE_LAUNCHER="tare")
    environment.setdefault("PYSPARK_PYTHON", sys.executable)
    os.execvpe("bash", ["bash", str(HOME / "bin" / "tare"), *sys.argv[1:]], environment)
