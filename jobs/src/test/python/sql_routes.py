"""Asks queries through PySpark, of its own session or of a Spark Connect server, and prints rows.

python sql_routes.py QUERIES [sc://host:port [JAR]]

QUERIES holds queries that give one column of text, separated by lines of three dashes. With JAR the
client brings jar and settings itself (the rest of the arguments, KEY=VALUE).
"""

import sys

from pyspark.sql import SparkSession


def main():
    queries, *rest = sys.argv[1:]
    builder = SparkSession.builder
    if rest:
        spark = builder.remote(rest[0]).getOrCreate()
        for jar in rest[1:2]:
            spark.addArtifacts(jar)
        for setting in rest[2:]:
            spark.conf.set(*setting.split("=", 1))
    else:
        spark = builder.appName("sql").getOrCreate()
    for query in open(queries, encoding="utf-8").read().split("\n---\n"):
        for row in spark.sql(query).collect():
            print(row[0])
    spark.stop()


if __name__ == "__main__":
    main()
