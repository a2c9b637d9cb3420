"""Asks queries of DuckDB over the bare Parquet of runs, and prints rows as JSON lists.

python duckdb_queries.py RUNS QUERY...
"""

import json
import sys

import duckdb


def main():
    runs, *queries = sys.argv[1:]
    db = duckdb.connect()
    db.execute("CREATE SCHEMA tare")
    db.execute(
        "CREATE VIEW tare.statistics AS SELECT * FROM"
        f" read_parquet('{runs}/*/statistics/*.parquet', union_by_name = true)"
    )
    for query in queries:
        text = open(query, encoding="utf-8").read()
        print(json.dumps([list(row) for row in db.execute(text).fetchall()]))


if __name__ == "__main__":
    main()
