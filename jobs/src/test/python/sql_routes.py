"""Asks queries through PySpark, of its own session or of a Spark Connect server, and prints rows.

python sql_routes.py QUERIES CALLS [sc://host:port]

QUERIES holds queries that give one column of text, separated by lines of three dashes; CALLS is Python that
uses the session as spark.
"""

import sys

from pyspark.sql import SparkSession


def main():
    queries, calls, *server = sys.argv[1:]
    builder = SparkSession.builder.appName("sql")
    spark = (builder.remote(server[0]) if server else builder).getOrCreate()
    for query in open(queries, encoding="utf-8").read().split("\n---\n"):
        for row in spark.sql(query).collect():
            print(row[0])
    exec(open(calls, encoding="utf-8").read(), {"spark": spark})
    spark.stop()


if __name__ == "__main__":
    main()
