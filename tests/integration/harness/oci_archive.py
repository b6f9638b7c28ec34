"""Small images of their own, as OCI archives."""
import hashlib
import io
import json
import pathlib
import tarfile

LAYER = "application/vnd.oci.image.layer.v1.tar"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def tar_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


class Image:
    """Two layers of its own, as an OCI archive."""

    def __init__(self, folder: pathlib.Path, name: str):
        self.name = f"example.com/{name}:1"
        self.blobs = {}
        self.files = [{f"{name}-{i}-{j}": f"{name}{i}{j}".encode() * 500 for j in range(5)} for i in range(2)]
        layers = [tar_of(files) for files in self.files]
        self.diff_ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
        config = {"architecture": "amd64", "os": "linux", "config": {"Labels": {"name": name}},
                  "rootfs": {"type": "layers", "diff_ids": self.diff_ids}}
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": self.add(json.dumps(config).encode(), CONFIG),
                    "layers": [self.add(layer, LAYER) for layer in layers]}
        top = self.add(json.dumps(manifest).encode(), MANIFEST)
        top["annotations"] = {"io.containerd.image.name": self.name}
        files = {f"blobs/sha256/{digest}": data for digest, data in self.blobs.items()}
        files |= {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
                  "index.json": json.dumps({"schemaVersion": 2, "manifests": [top]}).encode()}
        self.archive = folder / f"{name}.tar"
        self.archive.write_bytes(tar_of(files))

    def snapshots(self) -> dict[str, dict[str, bytes]]:
        """What each of its snapshots adds, by the key that clients give it (the chain ID of the OCI image-spec)."""
        first, second = self.diff_ids
        return {first: self.files[0], "sha256:" + hashlib.sha256(f"{first} {second}".encode()).hexdigest(): self.files[1]}

    def add(self, data: bytes, media_type: str) -> dict:
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}
