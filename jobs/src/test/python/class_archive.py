"""A session that loads what most sessions load: spark-submit class_archive.py FOLDER."""

import sys

from pyspark.sql import SparkSession, functions

spark = SparkSession.builder.getOrCreate()
table = sys.argv[1] + "/table"
rows = spark.range(100).withColumn("part", functions.col("id") % 3)
rows.groupBy("part").agg(functions.collect_list("id").alias("ids")).write.parquet(table)
spark.read.parquet(table).createOrReplaceTempView("parts")
spark.sql("SELECT part, size(ids) FROM parts WHERE part > 0 ORDER BY part").collect()
spark.stop()
