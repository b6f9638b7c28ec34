"""containerd's API from Python: messages and methods from our .proto files, which have its names and numbers."""
import pathlib
import subprocess
import tempfile

import pytest

from .paths import ROOT

grpc = pytest.importorskip("grpc", reason="python3-grpcio is not installed")
pytest.importorskip("google.protobuf", reason="python3-protobuf is not installed")
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: E402


class Api:
    """All messages by their full names, all methods by "package.Service/Method"."""

    _loaded = None

    def __init__(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "api"
            protos = [str(path.relative_to(ROOT / "src")) for path in (ROOT / "src/ipc/proto").rglob("*.proto")]
            subprocess.run(["protoc", f"-I{ROOT}/src", "-I/usr/include", "--include_imports", f"--descriptor_set_out={out}", *protos],
                           check=True)
            files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
        pool = descriptor_pool.DescriptorPool()
        factory = message_factory.MessageFactory(pool)
        self.messages, self.methods = {}, {}
        for file in files.file:
            pool.Add(file)
        for file in files.file:
            described = pool.FindFileByName(file.name)
            for message in described.message_types_by_name.values():
                self.messages[message.full_name] = factory.GetPrototype(message)
            for service in described.services_by_name.values():
                for method in service.methods:
                    self.methods[f"{service.full_name}/{method.name}"] = method
        self.prototype = factory.GetPrototype

    @classmethod
    def load(cls):
        if cls._loaded is None:
            cls._loaded = cls()
        return cls._loaded


class Client:
    """Calls to one server: client.call("images.v1.Images/List", filters=["x"]) and client.stream(…)."""

    def __init__(self, socket: str, namespace: str = "default", lease: str = ""):
        self.api = Api.load()
        # Channels share connections else, also one to a server that was killed meanwhile.
        options = [("grpc.default_authority", "localhost"), ("grpc.use_local_subchannel_pool", 1)]
        self.channel = grpc.insecure_channel(socket if ":" in socket else f"unix:{socket}", options=options)
        self.metadata = [("containerd-namespace", namespace)] if namespace else []
        if lease:
            self.metadata.append(("containerd-lease", lease))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def _method(self, name):
        full = name if name.startswith(("containerd.", "grpc.")) else f"containerd.services.{name}"
        method = self.api.methods[full]
        return full, method, self.api.prototype(method.input_type), self.api.prototype(method.output_type)

    def message(self, message: str, /, **fields):
        return self.api.messages[message](**fields)

    def call(self, method: str, /, timeout: float = 30, metadata=None, **fields):
        full, _, request, response = self._method(method)
        stub = self.channel.unary_unary("/" + full, request.SerializeToString, response.FromString)
        return stub(request(**fields), timeout=timeout, metadata=self.metadata if metadata is None else metadata)

    def future(self, method: str, /, timeout: float = 30, **fields):
        full, _, request, response = self._method(method)
        stub = self.channel.unary_unary("/" + full, request.SerializeToString, response.FromString)
        return stub.future(request(**fields), timeout=timeout, metadata=self.metadata)

    def stream(self, method: str, /, timeout: float = 30, **fields):
        """One request, many answers."""
        full, _, request, response = self._method(method)
        stub = self.channel.unary_stream("/" + full, request.SerializeToString, response.FromString)
        return stub(request(**fields), timeout=timeout, metadata=self.metadata)

    def chat(self, method: str, requests, timeout: float = 30):
        """Many requests (dicts of fields), many answers."""
        full, _, request, response = self._method(method)
        stub = self.channel.stream_stream("/" + full, request.SerializeToString, response.FromString)
        return stub((request(**fields) for fields in requests), timeout=timeout, metadata=self.metadata)

    def refused(self, method: str, /, **fields):
        """The code's name and the text of the error that the call ends with."""
        with pytest.raises(grpc.RpcError) as caught:
            self.call(method, **fields)
        return caught.value.code().name, caught.value.details()
