"""
Makes the wheel tare-spark from the archive: python3 wheel.py tare-VERSION.tar.gz OUTPUT_FOLDER.

The archive's documents and the demo's models stay behind. Beside the wheel is a bill of materials (CycloneDX): its
jars by sha256, and what pip installs with it; tare-VERSION.cdx.json lists what is inside the jar of Tare. The same
archive gives the same bytes.
"""

import base64
import hashlib
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path

PARTS = re.compile(r"bin/|lib/|conf/.*[.](conf|properties)$|deploy/licenses/")
TIME = (2026, 11, 23, 0, 0, 0)


# PySpark 4.0 and 4.1 name this version of Py4J.
PY4J = "0.10.9.9"


def required(archive):
    """What pip resolves for the wheel, by name: the PySpark that the archive was built for, and its Py4J."""
    with tarfile.open(archive) as entries:
        for entry in entries:
            if entry.name.split("/", 1)[-1] == "lib/build.properties":
                facts = entries.extractfile(entry).read().decode()
                spark = re.search(r"^spark-version=(.+)$", facts, re.M)[1].strip()
                if spark.startswith("3."):
                    raise SystemExit(f"PyPI's pyspark {spark} is for Scala 2.12 and Tare for 2.13: no wheel for Spark 3")
                return {"pyspark": spark, "py4j": PY4J}
    raise SystemExit(f"{archive} has no lib/build.properties, which names its Spark")


def metadata(version, packages):
    return (
        "Metadata-Version: 2.1\n"
        "Name: tare-spark\n"
        f"Version: {version}\n"
        "Summary: Distributed post-training quantization for Apache Spark\n"
        "Requires-Python: >=3.9\n"
        f"Requires-Dist: pyspark=={packages['pyspark']}\n"
    )


def files(archive, info, version, packages):
    """Yields name, bytes and mode of everything but RECORD."""
    package = Path(__file__).parent / "tare" / "__init__.py"
    yield "tare/__init__.py", package.read_bytes(), 0o644
    with tarfile.open(archive) as entries:
        for entry in entries:
            name = entry.name.split("/", 1)[-1]
            if entry.isfile() and PARTS.match(name):
                yield f"tare/home/{name}", entries.extractfile(entry).read(), entry.mode
    yield f"{info}/METADATA", metadata(version, packages).encode(), 0o644
    yield f"{info}/WHEEL", b"Wheel-Version: 1.0\nGenerator: tare\nRoot-Is-Purelib: true\nTag: py3-none-any\n", 0o644
    yield f"{info}/entry_points.txt", b"[console_scripts]\ntare = tare:main\n", 0o644


def bill(version, needed, jars):
    """The bill of materials; needed are packages and versions, jars names and sha256."""
    wheel = f"pkg:pypi/tare-spark@{version}"
    packages = [
        {"type": "library", "bom-ref": f"pkg:pypi/{name}@{number}", "name": name, "version": number,
         "purl": f"pkg:pypi/{name}@{number}", "scope": "required"}
        for name, number in needed.items()
    ]
    files = [
        {"type": "file", "bom-ref": name, "name": name, "hashes": [{"alg": "SHA-256", "content": digest}]}
        for name, digest in sorted(jars)
    ]
    pyspark, py4j = (package["bom-ref"] for package in packages)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {"type": "library", "bom-ref": wheel, "name": "tare-spark", "version": version, "purl": wheel}
        },
        "components": packages + files,
        "dependencies": [
            {"ref": wheel, "dependsOn": [pyspark] + [file["bom-ref"] for file in files]},
            {"ref": pyspark, "dependsOn": [py4j]},
        ],
    }


def main(archive, output):
    version = re.fullmatch(r"tare-(.+)[.]tar[.]gz", Path(archive).name)[1]
    info = f"tare_spark-{version}.dist-info"
    wheel = Path(output, f"tare_spark-{version}-py3-none-any.whl")
    packages = required(archive)
    record = []
    jars = []
    with zipfile.ZipFile(wheel, "w") as target:

        def write(name, data, mode):
            entry = zipfile.ZipInfo(name, TIME)
            entry.external_attr = (0o100000 | mode) << 16
            # Jars are compressed already.
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".jar") else zipfile.ZIP_DEFLATED
            target.writestr(entry, data)

        for name, data, mode in files(archive, info, version, packages):
            sha256 = hashlib.sha256(data)
            if name.endswith(".jar"):
                jars.append((name, sha256.hexdigest()))
            digest = base64.urlsafe_b64encode(sha256.digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(data)}\n")
            write(name, data, mode)
        record.append(f"{info}/RECORD,,\n")
        write(f"{info}/RECORD", "".join(record).encode(), 0o644)
    Path(output, f"{wheel.stem}.cdx.json").write_text(json.dumps(bill(version, packages, jars), indent=2) + "\n")
    print(wheel)


if __name__ == "__main__":
    main(*sys.argv[1:])
