"""A registry that lies, breaks off or hangs: a clear error or success, and nothing wrong is stored."""
import gzip
import hashlib
import io
import json
import pathlib
import tarfile
import threading

import docker
import pytest
from harness import images
from harness.waiting import until
from registry import FakeImage, digest, stalled, truncated


def layer_of(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return sink.getvalue()


def index_of(image: FakeImage, count: int, size: int | None = None) -> FakeImage:
    """An index that names the image so many times, and says that its manifest has this size."""
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(image.manifest),
             "size": len(image.manifest) if size is None else size, "platform": {"os": "linux", "architecture": "amd64"}}
    top = FakeImage([])
    top.manifest = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                               "manifests": [entry] * count}).encode()
    top.blobs = image.blobs
    return top


def layer(marker: str, size: int = 300_000) -> bytes:
    return layer_of({f"file-{marker}": marker.encode() * (size // len(marker))})


def assert_absent(engine, name: str):
    with pytest.raises(docker.errors.ImageNotFound):
        engine.client.images.get(name)


def refused(engine, name: str, match: str):
    """The pull fails, by a status or in its stream, and says why."""
    status, text = engine.request("POST", f"/images/create?fromImage={name.rsplit(':', 1)[0]}&tag={name.rsplit(':', 1)[1]}")
    shown = text if isinstance(text, str) else json.dumps(text)
    assert status >= 400 or "errorDetail" in shown, shown
    assert status != 500 or "errorDetail" not in shown
    assert match in shown, shown
    assert_absent(engine, name)


def test_a_sound_image_is_pulled(hull, fake_registry):
    image = FakeImage([images.busybox_rootfs(), layer("sound")])
    name = fake_registry.add("sound", image)
    assert hull.client.images.pull(name).id == digest(image.config)
    assert hull.run_cli("run", "--rm", name, "head", "-c", "5", "/file-sound").stdout == "sound"


def test_a_wrong_layer_digest(hull, fake_registry):
    image = FakeImage([layer("lied")])
    name = fake_registry.add("lied", image)
    image.blobs[digest(image.layers[0])] = layer("liar")
    refused(hull, name, "verification failed")


def test_a_truncated_layer(hull, fake_registry):
    image = FakeImage([layer("short")])
    name = fake_registry.add("short", image)
    fake_registry.trouble[digest(image.layers[0])] = truncated(image.layers[0], 100_000)
    refused(hull, name, "unexpected EOF")
    # The next pull goes on where this one ended.
    del fake_registry.trouble[digest(image.layers[0])]
    fake_registry.requests.clear()
    hull.client.images.pull(name)
    assert any("bytes=100000-" in request for request in fake_registry.requests), fake_registry.requests


def test_a_layer_that_is_longer_than_said(hull, fake_registry):
    image = FakeImage([layer("long")])
    name = fake_registry.add("long", image)
    image.blobs[digest(image.layers[0])] += b"more"
    refused(hull, name, "longer than")


@pytest.mark.parametrize("size", [10**17, 10**15, 1])
def test_a_wrong_size_for_a_layer_that_is_here(hull, fake_registry, size):
    """Bars, archives and uploads would go by that size."""
    hull.client.images.pull(fake_registry.add("sizes", FakeImage([layer("sizes")])))
    liar = FakeImage([layer("sizes"), layer("sizes")])
    manifest = json.loads(liar.manifest)
    manifest["layers"][1]["size"] = size
    liar.manifest = json.dumps(manifest).encode()
    refused(hull, fake_registry.add("sizesliar", liar), f"but its descriptor says {size}")


def test_an_index_that_lies_about_a_manifest(hull, fake_registry):
    image = FakeImage([layer("indexed")])
    top = index_of(image, count=1, size=len(image.manifest) + 1)
    fake_registry.documents[digest(image.manifest)] = image.manifest
    refused(hull, fake_registry.add("indexliar", top), "but its descriptor says")


def resident_peak(engine) -> int:
    """Bytes that the daemon's memory had at most."""
    status = pathlib.Path(f"/proc/{engine.daemon.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def test_an_index_that_names_a_manifest_many_times(own_hull, fake_registry, registry, tmp_path):
    image = FakeImage([images.busybox_rootfs()])
    image.manifest = image.make_manifest(annotations={"a": "x" * (1 << 20)})
    fake_registry.documents[digest(image.manifest)] = image.manifest
    name = fake_registry.add("often", index_of(image, count=2000))
    own_hull.client.images.pull(name)
    pushed = f"{registry.host}/often:1"
    own_hull.run_cli("tag", name, pushed)
    own_hull.run_cli("push", pushed)
    own_hull.run_cli("save", "-o", str(tmp_path / "often.tar"), pushed)
    assert resident_peak(own_hull) < 500 << 20


def test_a_wrong_diff_id(hull, fake_registry):
    image = FakeImage([layer("diff")])
    document = json.loads(image.config)
    document["rootfs"]["diff_ids"] = [digest(b"other")]
    image.config = json.dumps(document).encode()
    image.manifest = image.make_manifest()
    image.blobs[digest(image.config)] = image.config
    refused(hull, fake_registry.add("diff", image), "diff id")


def test_a_layer_that_is_no_tar(hull, fake_registry):
    refused(hull, fake_registry.add("notar", FakeImage([b"this is no tar" * 1000])), "tar")


def test_a_layer_that_climbs_out(hull, fake_registry):
    name = fake_registry.add("climbs", FakeImage([layer_of({"../../../../hull-climbed-out": b"x"})]))
    refused(hull, name, "..")


@pytest.mark.parametrize("document,match", [
    (b"no json", "manifest"),
    (b"{}", "manifest"),
    (b'{"schemaVersion":2,"mediaType":"text/x"}', "manifest"),
    (b'{"schemaVersion":1,"name":"x","fsLayers":[]}', "manifest"),
])
def test_a_malformed_manifest(hull, fake_registry, document, match):
    image = FakeImage([layer("m")])
    image.manifest = document
    refused(hull, fake_registry.add("malformed", image), match)


def test_a_manifest_that_could_be_an_index_too(hull, fake_registry):  # CVE-2021-41190
    image = FakeImage([layer("two")])
    image.manifest = image.make_manifest(manifests=[])
    refused(hull, fake_registry.add("ambiguous", image), "manifest")


def test_a_manifest_over_four_megabytes(hull, fake_registry):
    image = FakeImage([layer("big")])
    image.manifest = image.make_manifest(annotations={"a": "x" * (5 << 20)})
    refused(hull, fake_registry.add("big", image), "larger than")


def test_a_configuration_that_is_none(hull, fake_registry):
    image = FakeImage([layer("conf")])
    image.config = b"[]"
    image.manifest = image.make_manifest()
    image.blobs[digest(image.config)] = image.config
    refused(hull, fake_registry.add("conf", image), "configuration")


def test_an_index_chooses_this_machine(hull, fake_registry):
    ours, other = FakeImage([images.busybox_rootfs()]), FakeImage([layer("arm")], architecture="s390x")
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(i.manifest), "size": len(i.manifest),
         "platform": {"os": "linux", "architecture": a}} for i, a in ((other, "s390x"), (ours, "amd64"))]}
    top = FakeImage([])
    top.manifest, top.blobs = json.dumps(index).encode(), {**ours.blobs, **other.blobs}
    name = fake_registry.add("index", top)
    for image in (ours, other):
        fake_registry.documents[digest(image.manifest)] = image.manifest
    pulled = hull.client.images.pull(name)
    assert pulled.id == digest(ours.config)
    assert pulled.attrs["RepoDigests"] == [f"{fake_registry.host}/index@{digest(top.manifest)}"]
    with pytest.raises(docker.errors.APIError, match="no matching manifest for linux/ppc64le"):
        hull.client.images.pull(name, platform="linux/ppc64le")


def test_a_manifest_of_another_platform(hull, fake_registry):
    name = fake_registry.add("plain", FakeImage([layer("plain")]))
    with pytest.raises(docker.errors.APIError, match="does not match the specified platform: wanted linux/arm64, actual: linux/amd64"):
        hull.client.images.pull(name, platform="linux/arm64")
    assert_absent(hull, name)
    hull.client.images.pull(name, platform="linux/amd64")


def sha512(data: bytes) -> str:
    return "sha512:" + hashlib.sha512(data).hexdigest()


def test_documents_by_sha512(hull, fake_registry):
    image = FakeImage([images.busybox_rootfs()], {"Labels": {"by": "sha512"}})
    image.manifest = image.manifest.replace(digest(image.config).encode(), sha512(image.config).encode())
    image.blobs[sha512(image.config)] = image.config
    fake_registry.documents[sha512(image.manifest)] = image.manifest
    top = index_of(image, count=1)
    top.manifest = top.manifest.replace(digest(image.manifest).encode(), sha512(image.manifest).encode())
    name = fake_registry.add("sha512", top)
    assert hull.client.images.pull(name).id == sha512(image.config)
    assert hull.run_cli("run", "--rm", "--network", "none", name, "echo", "ran").stdout == "ran\n"


def test_compressed_layers(hull, fake_registry):
    plain = layer("gz")
    image = FakeImage([plain])
    packed = gzip.compress(plain)
    manifest = json.loads(image.manifest)
    manifest["layers"] = [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(packed), "size": len(packed)}]
    image.manifest, image.blobs[digest(packed)] = json.dumps(manifest).encode(), packed
    assert hull.client.images.pull(fake_registry.add("gz", image)).id == digest(image.config)


def test_a_client_that_leaves_ends_the_pull(hull, fake_registry):
    image = FakeImage([layer("stall")])
    name = fake_registry.add("stall", image)
    released = threading.Event()
    fake_registry.trouble[digest(image.layers[0])] = stalled(image.layers[0], released)
    stream = hull.client.api.pull(name, stream=True)
    next(stream)
    stream.close()
    released.set()
    del fake_registry.trouble[digest(image.layers[0])]
    until(lambda: hull.client.images.pull(name), "the next pull works", 30)
