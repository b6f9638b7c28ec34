"""The command line where it is used wrongly, in runc's words; what `features` tells."""
import json

import pytest


@pytest.mark.parametrize("args,text", [
    (["create"], '"create" requires exactly 1 argument(s)'),
    (["create", "a", "b"], '"create" requires exactly 1 argument(s)'),
    (["exec"], '"exec" requires a minimum of 1 argument(s)'),
    (["list", "--bogus"], "flag provided but not defined: -bogus"),
    (["--bogus", "list"], "flag provided but not defined: -bogus"),
])
def test_wrong_usage_shows_what_is_right(runtime, args, text):
    done = runtime.command(*args)
    assert done.returncode == 1
    assert done.stdout.startswith("Incorrect Usage") and "USAGE:" in done.stdout
    assert text in json.loads('"' + done.stderr.split('msg="')[1].rstrip('\n'))


@pytest.mark.parametrize("args,text", [
    (["state", ""], "container id cannot be empty"),
    (["create", "--bundle", "/nonexistent", "x"], "runc create failed: chdir /nonexistent: no such file or directory"),
])
def test_errors_before_there_is_a_container(runtime, args, text):
    done = runtime.command(*args)
    assert done.returncode == 1 and done.stdout == ""
    assert f'level=error msg="{text}"' in done.stderr


def test_an_empty_name(runtime):
    bundle = runtime.bundle("true").save()
    assert 'msg="runc create failed: container id cannot be empty"' in runtime.command("create", "-b", bundle.path, "").stderr


@pytest.mark.parametrize("args,text", [
    (["exec", "{}"], "exec failed: exec args cannot be empty"),
    (["exec", "--user", "abc", "{}", "true"], r'exec failed: bad uid: strconv.Atoi: parsing \"abc\": invalid syntax'),
    (["exec", "--user", "1:x", "{}", "true"], r'exec failed: bad gid: strconv.Atoi: parsing \"x\": invalid syntax'),
    (["update", "--memory", "abc", "{}"], "invalid value for memory: invalid size: 'abc'"),
])
def test_errors_of_a_running_container(runtime, args, text):
    bundle = runtime.bundle("sleep", "1000")
    bundle.start_detached()
    done = runtime.command(*[word.format(bundle.name) for word in args])
    assert done.returncode == (255 if args[0] == "exec" else 1)
    assert f'msg="{text}"' in done.stderr


def test_features(runtime):
    told = json.loads(runtime.command("features").stdout)
    assert told["ociVersionMin"] == "1.0.0" and told["ociVersionMax"] == "1.3.0"
    assert told["hooks"] == ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
    assert {"ro", "rro", "rbind", "idmap", "tmpcopyup"} <= set(told["mountOptions"])
    part = told["linux"]
    assert {"pid", "user", "time"} <= set(part["namespaces"]) and "CAP_SYS_ADMIN" in part["capabilities"]
    assert {"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_X32"} <= set(part["seccomp"]["archs"])
    assert all(arch.startswith("SCMP_ARCH_") for arch in part["seccomp"]["archs"])
    assert part["netDevices"] == {"enabled": True} and part["mountExtensions"] == {"idmap": {"enabled": True}}
    assert told["potentiallyUnsafeConfigAnnotations"] == ["org.criu.config"]
    assert told["annotations"]["io.github.seccomp.libseccomp.version"].count(".") == 2
