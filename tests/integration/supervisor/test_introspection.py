"""What clients ask to learn what the daemon is: health, reflection, plugins."""
import pytest
from harness.containerd import Containerd
from harness.grpc_client import Api, Client, grpc


def grpc_methods():
    """The API's; shims publish events over ttrpc."""
    return {name: method for name, method in Api.load().methods.items()
            if name.startswith("containerd.services.") and ".ttrpc." not in name}


@pytest.fixture(scope="module")
def daemon():
    supervisor = Containerd.hull()
    yield supervisor
    supervisor.close()


@pytest.fixture
def client(daemon):
    with Client(daemon.socket) as client:
        yield client


def test_health(client):
    def check(service):
        call = client.channel.unary_unary("/grpc.health.v1.Health/Check", lambda m: m, lambda m: m)
        return call(b"\x0a" + bytes([len(service)]) + service if service else b"", timeout=10)

    assert check(b"") == b"\x08\x01"  # SERVING
    with pytest.raises(grpc.RpcError) as caught:
        check(b"no.such.Service")
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection(client, version):
    service = f"grpc.reflection.{version}.ServerReflection"

    def ask(**request):
        return next(iter(client.chat(f"{service}/ServerReflectionInfo", [request])))

    served = [entry.name for entry in ask(list_services="").list_services_response.service]
    assert service in served
    # What is listed is what is there, and nothing of ours is left out.
    assert {name for name in served if name.startswith("containerd.")} == \
        {name.rpartition("/")[0] for name in grpc_methods()}
    for name in served:
        files = ask(file_containing_symbol=name).file_descriptor_response.file_descriptor_proto
        assert any(name.rpartition(".")[0].encode() in file for file in files)
    unknown = ask(file_containing_symbol="no.such.Thing").error_response
    assert unknown.error_code == grpc.StatusCode.NOT_FOUND.value[0] and "no.such.Thing" in unknown.error_message
    assert ask(file_by_filename="../etc/passwd").error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert ask(host="x").error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    several = list(client.chat(f"{service}/ServerReflectionInfo", [{"list_services": ""}] * 3))
    assert len(several) == 3


def test_every_listed_method_is_served(client):
    """A method that is described but not built would answer UNIMPLEMENTED without a word of ours."""
    for name, method in grpc_methods().items():
        if method.server_streaming or method.client_streaming:
            continue
        try:
            client.call(name, timeout=10)
        except grpc.RpcError as error:
            assert error.code() != grpc.StatusCode.UNIMPLEMENTED or error.details(), name


def test_plugins(client):
    plugins = client.call("introspection.v1.Introspection/Plugins").plugins
    types = {plugin.type for plugin in plugins}
    for plugin in plugins:
        assert set(plugin.required_types) <= types, plugin
    named = client.call("introspection.v1.Introspection/Plugins", filters=["type==io.containerd.grpc.v1,id==tasks"]).plugins
    assert [(p.type, p.id) for p in named] == [("io.containerd.grpc.v1", "tasks")]
    code, text = client.refused("introspection.v1.Introspection/Plugins", filters=["type==="])
    assert code == "INVALID_ARGUMENT" and "type===" in text.replace(" >|=|< ", "=")


def test_runtime_info(client, tmp_path):
    def info(path):
        request = client.message("containerd.types.RuntimeRequest", runtime_path=path).SerializeToString()
        return dict(type="io.containerd.runtime.v2", id="task", options={"type_url": "containerd.types.RuntimeRequest", "value": request})

    shim = tmp_path / "containerd-shim-told-v2"
    told = client.message("containerd.types.RuntimeInfo", name="told", annotations={"k": "v"}).SerializeToString()
    (tmp_path / "told").write_bytes(told)
    shim.write_text(f"#!/bin/sh\n[ \"$1\" = -info ] && cat {tmp_path}/told\n")
    shim.chmod(0o755)
    answer = client.call("introspection.v1.Introspection/PluginInfo", **info(str(shim)))
    assert answer.plugin.id == "task" and answer.extra.value == told
    assert answer.extra.type_url == "containerd.types.RuntimeInfo"

    shim.write_text("#!/bin/sh\necho out of order >&2; exit 3\n")
    assert "out of order" in client.refused("introspection.v1.Introspection/PluginInfo", **info(str(shim)))[1]
    assert "/nonexistent" in client.refused("introspection.v1.Introspection/PluginInfo", **info("/nonexistent"))[1]
    wrong = {"type": "io.containerd.runtime.v2", "id": "task", "options": {"type_url": "x", "value": b"x"}}
    assert client.refused("introspection.v1.Introspection/PluginInfo", **wrong)[0] == "INVALID_ARGUMENT"
    code, text = client.refused("introspection.v1.Introspection/PluginInfo", type="a", id="b")
    assert code == "NOT_FOUND" and "a.b" in text
