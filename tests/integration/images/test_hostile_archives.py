"""Archives for `load` that are made to use up the engine: refused with a reason, and nothing of them is named."""
import io
import json
import tarfile

from harness.images import docker_archive
from registry import digest
from test_faulty_registry import layer


def loaded(engine, archive: bytes) -> str:
    status, text = engine.request("POST", "/images/load", archive, {"Content-Type": "application/x-tar"})
    shown = text if isinstance(text, str) else json.dumps(text)
    assert status >= 400 or "errorDetail" in shown, shown
    assert not [tag for image in engine.client.images.list() for tag in image.tags if tag.startswith("hostile")]
    return shown


def tar_of(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for path, target in (links or {}).items():
            info = tarfile.TarInfo(path)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return sink.getvalue()


def test_long_names_and_links(hull):
    assert "more than 4096 bytes" in loaded(hull, tar_of({}, {"a": "b" * 5000}))
    assert "more than 4096 bytes" in loaded(hull, tar_of({}, {"a/" * 2500 + "a": "b"}))


def test_thousands_of_names(hull):
    archive = docker_archive([layer("names")], {}, [f"hostile:{number}" for number in range(2000)])
    assert "more than 1000 names" in loaded(hull, archive)


def test_a_layout_that_lies_about_sizes(hull):
    kind = "application/vnd.oci.image."
    content = layer("layout")
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest(content)]}}).encode()

    def archive(config_more=0, layer_more=0, manifest_more=0) -> bytes:
        manifest = json.dumps({
            "schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
            "config": {"mediaType": kind + "config.v1+json", "digest": digest(config), "size": len(config) + config_more},
            "layers": [{"mediaType": kind + "layer.v1.tar", "digest": digest(content), "size": len(content) + layer_more}]}).encode()
        index = json.dumps({"schemaVersion": 2, "manifests": [
            {"mediaType": kind + "manifest.v1+json", "digest": digest(manifest), "size": len(manifest) + manifest_more,
             "annotations": {"io.containerd.image.name": "docker.io/library/hostile:1"}}]}).encode()
        blobs = {f"blobs/sha256/{digest(blob)[7:]}": blob for blob in (config, content, manifest)}
        return tar_of({**blobs, "index.json": index, "oci-layout": b'{"imageLayoutVersion":"1.0.0"}'})
    for lie in ({"config_more": 1}, {"layer_more": 10**17}, {"manifest_more": 10**15}):
        assert "but its descriptor says" in loaded(hull, archive(**lie)), lie
    status, text = hull.request("POST", "/images/load", archive(), {"Content-Type": "application/x-tar"})
    assert status == 200 and "Loaded image: hostile:1" in json.dumps(text)
