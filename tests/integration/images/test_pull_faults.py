"""Pulls that meet each other, that are killed at a known byte, or that a registry of before has poisoned."""
import io
import json
import tarfile
import threading

import pytest
from harness import images
from harness.waiting import until
from registry import FakeImage, digest
from test_faulty_registry import assert_absent, layer, refused


class Gate:
    """Sends half of a blob, tells that it did, and the rest once it is opened."""

    def __init__(self, blob: bytes):
        self.blob = blob
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, handler):
        start = int(handler.headers["Range"].split("=")[1].rstrip("-")) if "Range" in handler.headers else 0
        half = max(start, len(self.blob) // 2)
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(self.blob) - start))
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.blob) - 1}/{len(self.blob)}")
        handler.end_headers()
        handler.wfile.write(self.blob[start:half])
        handler.wfile.flush()
        self.reached.set()
        assert self.opened.wait(60)
        try:
            handler.wfile.write(self.blob[half:])
        except OSError:
            pass  # the client was killed
        handler.close_connection = True


def gated(registry, name: str, blob: bytes):
    image = FakeImage([images.busybox_rootfs(), blob])
    reference = registry.add(name, image)
    gate = registry.trouble[digest(blob)] = Gate(blob)
    return image, reference, gate


def pulling(engine, reference: str):
    """A pull in the background; its answer stands in the list once it has ended."""
    repository, tag = reference.rsplit(":", 1)
    answers = []

    def pull():
        try:
            answers.append(engine.request("POST", f"/images/create?fromImage={repository}&tag={tag}"))
        except Exception as error:  # the engine was killed
            answers.append((0, str(error)))
    thread = threading.Thread(target=pull, daemon=True)
    thread.start()
    return thread, answers


def layer_requests(registry, blob: bytes) -> list[str]:
    return [line for line in registry.requests if digest(blob) in line]


def run_marker(engine, reference: str, marker: str) -> str:
    return engine.run_cli("run", "--rm", "--network", "none", reference, "head", "-c", str(len(marker)), f"/file-{marker}").stdout


def test_two_pulls_at_once_download_once(hull, fake_registry):
    blob = layer("twice", 900_000)
    image, reference, gate = gated(fake_registry, "twice", blob)
    first, second = pulling(hull, reference), None
    assert gate.reached.wait(30)
    second = pulling(hull, reference)
    until(lambda: sum("/twice/manifests/" in line for line in fake_registry.requests) >= 2, "the second pull has begun")
    gate.opened.set()
    for thread, answers in (first, second):
        thread.join(30)
        assert answers[0][0] == 200 and "errorDetail" not in json.dumps(answers[0][1]), answers
    assert len(layer_requests(fake_registry, blob)) == 1
    assert run_marker(hull, reference, "twice") == "twice"


@pytest.mark.parametrize("victim", ["hulld", "hull-containerd", "both"])
def test_killed_while_a_layer_comes(own_hull, fake_registry, victim):
    """What was received stays, nothing half is shown, and the next pull goes on where this one ended."""
    blob = layer("killed", 3_000_000)
    image, reference, gate = gated(fake_registry, "killed", blob)
    thread, answers = pulling(own_hull, reference)
    assert gate.reached.wait(30)
    if victim != "hulld":
        own_hull.kill_containerd()
    if victim != "hull-containerd":
        own_hull.kill_hulld()
    gate.opened.set()
    if victim == "hull-containerd":  # the engine starts it again
        thread.join(60)
        assert answers and "Downloaded newer image" not in json.dumps(answers[0])
    else:
        own_hull.start()
    assert_absent(own_hull, reference)
    del fake_registry.trouble[digest(blob)]
    pulled = until(lambda: own_hull.client.images.pull(reference), "the next pull", 30)
    assert pulled.id == digest(image.config)
    assert run_marker(own_hull, reference, "killed") == "killed"


def many_files(count: int) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        for number in range(count):
            info = tarfile.TarInfo(f"many/{number % 100}/{number}")
            info.size = 4
            tar.addfile(info, io.BytesIO(b"here"))
    return sink.getvalue()


@pytest.mark.parametrize("victim", ["hulld", "hull-containerd"])
def test_killed_while_a_layer_is_unpacked(own_hull, fake_registry, victim):
    blob = many_files(20000)
    image = FakeImage([images.busybox_rootfs(), blob])
    reference = fake_registry.add("unpack", image)
    snapshots = own_hull.data_root / "containerd"
    thread, answers = pulling(own_hull, reference)
    until(lambda: list(snapshots.glob("**/many/0")), "files of the layer appear", 60)
    if victim == "hulld":
        own_hull.kill_hulld()
        own_hull.start()
    else:
        own_hull.kill_containerd()
        thread.join(60)
    pulled = until(lambda: own_hull.client.images.pull(reference), "the next pull", 60)
    assert pulled.id == digest(image.config)
    counted = own_hull.run_cli("run", "--rm", "--network", "none", reference, "sh", "-c", "find /many -type f | wc -l").stdout
    assert counted.strip() == "20000"


def test_what_another_registry_left_half_does_not_spoil_a_pull(hull, fake_registry):
    """The same digest, half of it lies: the resumed download does not verify, and is made anew at once."""
    blob = layer("poison", 600_000)

    def lies(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(blob)))
        handler.end_headers()
        handler.wfile.write(b"x" * (len(blob) // 2))
        handler.close_connection = True
    bad = FakeImage([blob])
    reference = fake_registry.add("bad", bad)
    fake_registry.trouble[digest(blob)] = lies
    status, text = hull.request("POST", f"/images/create?fromImage={reference.rsplit(':', 1)[0]}&tag=1")
    assert "errorDetail" in json.dumps(text) or status >= 400
    del fake_registry.trouble[digest(blob)]
    good = FakeImage([images.busybox_rootfs(), blob])
    reference = fake_registry.add("good", good)
    assert hull.client.images.pull(reference).id == digest(good.config)
    assert run_marker(hull, reference, "poison") == "poison"


def test_another_size_for_the_same_layer_does_not_spoil_a_pull(hull, fake_registry):
    blob = layer("sized", 600_000)
    liar = FakeImage([blob])
    manifest = json.loads(liar.manifest)
    manifest["layers"][0]["size"] = 1 << 50
    liar.manifest = json.dumps(manifest).encode()
    reference = fake_registry.add("liar", liar)

    def breaks_off(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(1 << 50))
        handler.end_headers()
        handler.wfile.write(blob[:1000])
        handler.close_connection = True
    fake_registry.trouble[digest(blob)] = breaks_off
    status, text = hull.request("POST", f"/images/create?fromImage={reference.rsplit(':', 1)[0]}&tag=1")
    assert "errorDetail" in json.dumps(text) or status >= 400
    del fake_registry.trouble[digest(blob)]
    honest = FakeImage([images.busybox_rootfs(), blob])
    assert hull.client.images.pull(fake_registry.add("honest", honest)).id == digest(honest.config)


def test_too_many_layers(hull, fake_registry):
    image = FakeImage([layer(f"l{number}", 10) for number in range(126)])
    refused(hull, fake_registry.add("deep", image), "max depth exceeded")
    shallow = FakeImage([images.busybox_rootfs(), *(layer(f"m{number}", 10) for number in range(124))])
    reference = fake_registry.add("shallow", shallow)
    assert hull.client.images.pull(reference).id == digest(shallow.config)
    assert run_marker(hull, reference, "m123") == "m123"


def test_an_empty_digest(hull, fake_registry):
    for place in ("layers", "config"):
        image = FakeImage([layer("empty")])
        manifest = json.loads(image.manifest)
        (manifest["layers"][0] if place == "layers" else manifest["config"])["digest"] = ""
        image.manifest = json.dumps(manifest).encode()
        refused(hull, fake_registry.add(f"empty-{place}", image), "digest")
    image = FakeImage([layer("empty")])
    document = json.loads(image.config)
    document["rootfs"]["diff_ids"] = [""]
    image.config = json.dumps(document).encode()
    image.manifest, image.blobs[digest(image.config)] = image.make_manifest(), image.config
    refused(hull, fake_registry.add("empty-diff", image), "digest")


def test_indexes_that_multiply(hull):
    """Five indexes, each naming the next a thousand times, would be 10^15 manifests."""
    kind = "application/vnd.oci.image.index.v1+json"
    blobs, inner = {}, {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + "0" * 64, "size": 2}
    for _ in range(4):
        text = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": [inner] * 1000}).encode()
        blobs[digest(text)] = text
        inner = {"mediaType": kind, "digest": digest(text), "size": len(text)}
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for name, text in blobs.items():
            add("blobs/sha256/" + name.split(":")[1], text)
        add("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        add("index.json", json.dumps({"schemaVersion": 2, "manifests": [inner]}).encode())
    before = {image.id for image in hull.client.images.list()}
    status, text = hull.request("POST", "/images/load", sink.getvalue(), {"Content-Type": "application/x-tar"})
    assert status in (200, 400), text
    assert {image.id for image in hull.client.images.list()} == before
