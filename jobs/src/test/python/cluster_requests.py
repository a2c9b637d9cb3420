"""Holds the requests of deploy/ to what takes them: cluster_requests.py DEPLOY.

EMR Serverless: botocore's model of the API, and moto, which speaks it. Dataproc: Google's protocol buffers. Kubernetes:
the types of Kubeflow's Spark operator, made from its schema. Each refuses the same request with one name misspelt.
"""

import copy
import json
import sys
from pathlib import Path

import boto3
import yaml
from botocore.exceptions import ParamValidationError
from google.cloud import dataproc_v1
from google.protobuf import json_format
from kubeflow_spark_api.models import SparkV1beta2SparkApplication
from moto import mock_aws

deploy = Path(sys.argv[1])


def misspelt(request, *path):
    """The same request with an 's' behind the last key of the path."""
    other = copy.deepcopy(request)
    inner = other
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1] + "s"] = inner.pop(path[-1])
    return other


def refused(what, error, *arguments):
    try:
        what(*arguments)
    except error:
        return
    raise AssertionError("a misspelt name is taken")


def emr(request):
    client = boto3.client(
        "emr-serverless", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none"
    )
    # moto knows no release with Spark 4, and runs nothing.
    application = client.create_application(name="tare", releaseLabel="emr-7.0.0", type="SPARK")["applicationId"]
    job = {**request, "applicationId": application}
    run = client.start_job_run(clientToken="first", **job)["jobRunId"]
    found = client.get_job_run(applicationId=application, jobRunId=run)["jobRun"]
    assert found["jobDriver"] == request["jobDriver"], found
    assert (found["name"], found["executionRole"]) == (request["name"], request["executionRoleArn"]), found
    for path in ("jobDriver", "sparkSubmit", "entryPointArguments"), ("retryPolicy", "maxAttempts"), ("name",):
        refused(lambda other: client.start_job_run(clientToken="next", **other), ParamValidationError, misspelt(job, *path))


def dataproc(request):
    def parse(value):
        return json_format.ParseDict(value, dataproc_v1.Batch.pb(dataproc_v1.Batch()))

    assert json_format.MessageToDict(parse(request)) == request
    for path in ("sparkBatch", "mainClass"), ("runtimeConfig", "properties"), ("environmentConfig", "executionConfig"):
        refused(parse, json_format.ParseError, misspelt(request, *path))


def kubernetes(request):
    def require_kept(value):
        # Numbers and words of another type raise in from_dict; names that the schema lacks are lost.
        assert SparkV1beta2SparkApplication.from_dict(value).to_dict() == value

    require_kept(request)
    for path in ("spec", "sparkConf"), ("spec", "driver", "memoryOverhead"), ("spec", "restartPolicy", "type"):
        refused(require_kept, AssertionError, misspelt(request, *path))
    quoted = copy.deepcopy(request)
    quoted["spec"]["executor"]["instances"] = "4"
    refused(require_kept, ValueError, quoted)


with mock_aws():
    emr(json.loads((deploy / "emr-serverless" / "job.json").read_text()))
dataproc(json.loads((deploy / "dataproc" / "batch.json").read_text()))
kubernetes(yaml.safe_load((deploy / "kubernetes" / "spark-application.yaml").read_text()))
print("taken")
