"""
Makes the wheel tare-spark from the archive: python3 wheel.py tare-VERSION.tar.gz OUTPUT_FOLDER.

The archive's documents and the demo's models stay behind. The same archive gives the same bytes.
"""

import base64
import hashlib
import re
import sys
import tarfile
import zipfile
from pathlib import Path

PARTS = re.compile(r"bin/|lib/|conf/.*[.](conf|properties)$|deploy/licenses/")
TIME = (2026, 11, 23, 0, 0, 0)


def metadata(version):
    return (
        "Metadata-Version: 2.1\n"
        "Name: tare-spark\n"
        f"Version: {version}\n"
        "Summary: Distributed post-training quantization for Apache Spark\n"
        "Requires-Python: >=3.9\n"
        "Requires-Dist: pyspark==4.1.2\n"
    )


def files(archive, info, version):
    """Yields name, bytes and mode of everything but RECORD."""
    package = Path(__file__).parent / "tare" / "__init__.py"
    yield "tare/__init__.py", package.read_bytes(), 0o644
    with tarfile.open(archive) as entries:
        for entry in entries:
            name = entry.name.split("/", 1)[-1]
            if entry.isfile() and PARTS.match(name):
                yield f"tare/home/{name}", entries.extractfile(entry).read(), entry.mode
    yield f"{info}/METADATA", metadata(version).encode(), 0o644
    yield f"{info}/WHEEL", b"Wheel-Version: 1.0\nGenerator: tare\nRoot-Is-Purelib: true\nTag: py3-none-any\n", 0o644
    yield f"{info}/entry_points.txt", b"[console_scripts]\ntare = tare:main\n", 0o644


def main(archive, output):
    version = re.fullmatch(r"tare-(.+)[.]tar[.]gz", Path(archive).name)[1]
    info = f"tare_spark-{version}.dist-info"
    wheel = Path(output, f"tare_spark-{version}-py3-none-any.whl")
    record = []
    with zipfile.ZipFile(wheel, "w") as target:

        def write(name, data, mode):
            entry = zipfile.ZipInfo(name, TIME)
            entry.external_attr = (0o100000 | mode) << 16
            # Jars are compressed already.
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".jar") else zipfile.ZIP_DEFLATED
            target.writestr(entry, data)

        for name, data, mode in files(archive, info, version):
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(data)}\n")
            write(name, data, mode)
        record.append(f"{info}/RECORD,,\n")
        write(f"{info}/RECORD", "".join(record).encode(), 0o644)
    print(wheel)


if __name__ == "__main__":
    main(*sys.argv[1:])
