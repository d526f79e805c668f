"""NVIDIA's client for Triton, `tritonclient[http]`, checks the Open Inference Protocol of a server."""

import asyncio

import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException, triton_to_np_dtype

from checks import Checks, arguments, close_to

_, url, expected = arguments()
url = url.removeprefix("http://")
model, version = expected.model, expected.version
rows = np.array(expected.rows, dtype=np.float64)
checks = Checks()
client = triton.InferenceServerClient(url, concurrency=4)


def tensor(name, values, datatype, binary=True):
    """An input tensor."""
    tensor = triton.InferInput(name, list(values.shape), datatype)
    return tensor.set_data_from_numpy(values, binary_data=binary)


def matrix(dtype=np.float64, datatype="FP64", binary=True, values=rows):
    """The rows as one tensor."""
    return [tensor("input", values.astype(dtype), datatype, binary)]


def check_answer(name, result, tolerance=1e-12, classes=expected.predict, shares=expected.predict_proba):
    """The default outputs hold what is expected."""
    found_classes, found_shares = result.as_numpy("predict"), result.as_numpy("predict_proba")
    good = found_classes is not None and found_classes.dtype == np.int64 and found_classes.tolist() == classes
    checks.check(f"{name}: classes", good, found_classes)
    good = found_shares is not None and close_to(found_shares.tolist(), shares, tolerance)
    checks.check(f"{name}: probabilities", good, found_shares)


def check_refused(name, call, *words, status="400"):
    """The call raises the client's own exception, with a text that names what is wrong."""
    try:
        shown = call()
    except InferenceServerException as error:
        shown = f"{error.status()}: {error.message()}"
        good = error.status() == status and all(word in error.message() for word in words)
    else:
        good = False
    checks.check(f"refused: {name}", good, shown)


def health():
    checks.check("live", client.is_server_live() is True)
    checks.check("ready", client.is_server_ready() is True)
    checks.check("model ready", client.is_model_ready(model) is True)
    checks.check("model ready, with version", client.is_model_ready(model, version) is True)
    checks.check("unknown model is not ready", client.is_model_ready("nobody") is False)
    checks.check("unknown version is not ready", client.is_model_ready(model, "0") is False)


def metadata():
    server = client.get_server_metadata()
    good = server["name"] and server["version"] and "binary_tensor_data" in server["extensions"]
    checks.check("server metadata", good, server)
    for given in ["", version]:
        found = client.get_model_metadata(model, given)
        name = f"model metadata{', with version' if given else ''}"
        checks.check(name, found["name"] == model and found["versions"] == [version] and found["platform"], found)
        first, outputs = found["inputs"][0], {output["name"]: output for output in found["outputs"]}
        good = (first["datatype"], first["shape"]) == ("FP64", [-1, len(expected.features)])
        checks.check(f"{name}: inputs", good, first)
        checks.check(f"{name}: features", first["parameters"]["features"].split(",") == expected.features, first)
        good = outputs["predict"]["datatype"] == "INT64"
        good = good and outputs["predict_proba"]["shape"] == [-1, len(expected.classes)]
        checks.check(f"{name}: outputs", good, outputs)
    index = client.get_model_repository_index()
    entries = [(entry["name"], entry["version"], entry["state"]) for entry in index]
    checks.check("repository index", entries == [(model, version, "READY")], index)
    for given in ["", version]:
        config = client.get_model_config(model, given)
        good = config["name"] == model and config["input"][0]["dims"] == [-1, len(expected.features)]
        checks.check(f"config{', with version' if given else ''}", good, config)
    for name, statistics in [
        ("statistics", client.get_inference_statistics(model)),
        ("statistics, with version", client.get_inference_statistics(model, version)),
        ("statistics of all", client.get_inference_statistics()),
    ]:
        found = [(m["name"], m["version"]) for m in statistics["model_stats"]]
        checks.check(name, found == [(model, version)], statistics)


def matrices():
    check_answer("binary FP64", client.infer(model, matrix()))
    check_answer("with version", client.infer(model, matrix(), model_version=version))
    json_out = [triton.InferRequestedOutput(name, binary_data=False) for name in ["predict", "predict_proba"]]
    binary_out = [triton.InferRequestedOutput(name, binary_data=True) for name in ["predict", "predict_proba"]]
    check_answer("JSON in, JSON out", client.infer(model, matrix(binary=False), outputs=json_out))
    check_answer("JSON in, binary out", client.infer(model, matrix(binary=False)))
    check_answer("binary in, JSON out", client.infer(model, matrix(), outputs=json_out))
    check_answer("binary in, binary out by name", client.infer(model, matrix(), outputs=binary_out))
    one = client.infer(model, matrix(values=rows[:1]))
    check_answer("one row", one, classes=expected.predict[:1], shares=expected.predict_proba[:1])
    for datatype in ["FP32", "INT64", "INT32", "INT16", "UINT16", "UINT64"]:
        for binary in [True, False]:
            check_exact(datatype, binary)
    texts = np.array([[str(value) for value in row] for row in expected.rows], dtype=object)
    check_answer("binary BYTES", client.infer(model, [tensor("input", texts, "BYTES")]))
    check_answer("JSON BYTES", client.infer(model, [tensor("input", texts, "BYTES", binary=False)]))


def is_exact(values, datatype):
    """Whether the datatype holds these values."""
    with np.errstate(invalid="ignore"):
        return (values.astype(triton_to_np_dtype(datatype)).astype(np.float64) == values).all()


def check_exact(datatype, binary):
    """The rows whose values this datatype holds are answered as in double precision."""
    exact = [index for index, row in enumerate(rows) if is_exact(row, datatype)]
    name = f"{'binary' if binary else 'JSON'} {datatype}, {len(exact)} rows"
    if not exact:
        return
    result = client.infer(model, matrix(triton_to_np_dtype(datatype), datatype, binary, rows[exact]))
    classes, shares = [[values[index] for index in exact] for values in [expected.predict, expected.predict_proba]]
    check_answer(name, result, classes=classes, shares=shares)


def columns(shape, binary):
    """One tensor a feature, each in the datatype that holds its values."""
    tensors = []
    for index, name in enumerate(expected.features):
        column = rows[:, index].reshape(shape)
        if set(rows[:, index]) <= {0.0, 1.0}:
            tensors.append(tensor(name, column.astype(bool), "BOOL", binary))
            continue
        candidates = ["UINT16", "INT32", "INT64"][index % 3 :] + ["INT64", "FP64"]
        datatype = next(datatype for datatype in candidates if is_exact(column, datatype))
        tensors.append(tensor(name, column.astype(triton_to_np_dtype(datatype)), datatype, binary))
    return tensors


def tensors_by_feature():
    for shape in [(-1,), (-1, 1)]:
        for binary in [True, False]:
            name = f"a tensor a feature, {'binary' if binary else 'JSON'}, {'[n]' if len(shape) == 1 else '[n,1]'}"
            tensors = columns(shape, binary)
            kinds = ", ".join(sorted({tensor.datatype() for tensor in tensors}))
            check_answer(f"{name}, {kinds}", client.infer(model, tensors))
            check_answer(f"{name}, any order", client.infer(model, tensors[::-1]))


def forms():
    result = client.infer(model, matrix(), request_id="request-7")
    checks.check("request id is echoed", result.get_response()["id"] == "request-7", result.get_response())
    name_and_version = (result.get_response()["model_name"], result.get_response()["model_version"])
    checks.check("model is named", name_and_version == (model, version), name_and_version)
    labels = client.infer(model, matrix(), outputs=[triton.InferRequestedOutput("label")])
    shown = labels.as_numpy("label")
    wanted = [expected.classes[index].encode() for index in expected.predict]
    checks.check("labels", shown.tolist() == wanted, shown)
    checks.check("only requested outputs", len(labels.get_response()["outputs"]) == 1, labels.get_response())
    for binary in [True, False]:
        for count in [1, len(expected.classes), 1000]:
            output = triton.InferRequestedOutput("predict_proba", binary_data=binary, class_count=count)
            result = client.infer(model, matrix(), outputs=[output])
            check_classification(count, binary, result.as_numpy("predict_proba"))
    for algorithm in ["gzip", "deflate"]:
        compressed = {"request_compression_algorithm": algorithm}
        check_answer(f"{algorithm} request", client.infer(model, matrix(), **compressed))
        check_answer(f"{algorithm} request of JSON", client.infer(model, matrix(binary=False), **compressed))
        asked = client.infer(model, matrix(), response_compression_algorithm=algorithm)
        check_answer(f"{algorithm} response asked for", asked)
    pending = [client.async_infer(model, matrix(), request_id=str(number)) for number in range(4)]
    for number, request in enumerate(pending):
        result = request.get_result()
        check_answer(f"asynchronous {number}", result)
        checks.check(f"asynchronous {number}: id", result.get_response()["id"] == str(number))
    explained = client.infer(model, matrix(), parameters={"explain": True})
    shapes = [explained.as_numpy(name).shape for name in ["contributions", "contributions_base"]]
    checks.check("explanations", shapes == [(len(rows), len(expected.features)), (len(rows),)], shapes)


def check_classification(count, binary, texts):
    """`value:index:label`, the most probable class first."""
    name = f"classification of {count}, {'binary' if binary else 'JSON'}"
    count = min(count, len(expected.classes))
    good = texts.shape == (len(rows), count)
    for texts_of_row, shares in zip(texts.tolist(), expected.predict_proba):
        best = sorted(range(len(shares)), key=lambda index: -shares[index])[:count]
        for text, index in zip(texts_of_row, best):
            value, found, label = (text.decode() if isinstance(text, bytes) else text).split(":")
            good = good and (int(found), label) == (index, expected.classes[index])
            good = good and abs(float(value) - shares[index]) < 1e-9
    checks.check(name, good, texts)


def refusals():
    phrase = "Request for unknown model"
    check_refused("unknown model", lambda: client.infer("nobody", matrix()), phrase, "nobody", status="404")
    check_refused("unknown model's metadata", lambda: client.get_model_metadata("nobody"), phrase, status="404")
    check_refused("unknown version", lambda: client.infer(model, matrix(), model_version="0"), phrase, status="404")
    width = len(expected.features)
    check_refused("a column less", lambda: client.infer(model, matrix(values=rows[:, 1:])), f"{width}")
    wide = matrix(values=np.hstack([rows, rows[:, :1]]))
    check_refused("a column more", lambda: client.infer(model, wide), f"{width}")
    check_refused("one dimension", lambda: client.infer(model, [tensor("input", rows[0], "FP64")]), "shape")
    cube = tensor("input", rows.reshape(-1, width, 1), "FP64")
    check_refused("three dimensions", lambda: client.infer(model, [cube]), "shape")
    unknown = [triton.InferRequestedOutput("nothing")]
    check_refused("an unknown output", lambda: client.infer(model, matrix(), outputs=unknown), "nothing")
    check_refused("a feature left out", lambda: client.infer(model, columns((-1,), True)[1:]), expected.features[0])
    extra = columns((-1,), True) + [tensor("extra", rows[:, 0].copy(), "FP64")]
    check_refused("a feature too many", lambda: client.infer(model, extra), "extra")
    broken = rows.copy()
    broken[0, 0] = np.inf
    check_refused("infinity", lambda: client.infer(model, matrix(values=broken)), expected.features[0], "rows[0]")
    if len(rows) > 1:
        uneven = columns((-1,), True)
        uneven[0] = tensor(expected.features[0], rows[:1, 0].copy(), "FP64")
        check_refused("tensors of several lengths", lambda: client.infer(model, uneven), "rows")
    misstated = matrix()[0]
    misstated._shape = [len(rows) + 1, width]
    check_refused("a shape that the bytes do not fill", lambda: client.infer(model, [misstated]), "bytes")
    shared = triton.InferInput("input", list(rows.shape), "FP64")
    shared.set_shared_memory("region", rows.nbytes)
    check_refused("shared memory", lambda: client.infer(model, [shared]), "shared_memory")


def administration():
    client.load_model(model)
    checks.check("load the served model", True)
    check_refused("load another model", lambda: client.load_model("nobody"), "Request for unknown model", status="404")
    check_refused("load with another configuration", lambda: client.load_model(model, config="{}"), "config")
    check_refused("unload", lambda: client.unload_model(model), "built", status="409")
    check_refused("trace settings", client.get_trace_settings, status="404")
    check_refused("log settings", client.get_log_settings, status="404")
    check_refused("system shared memory", client.get_system_shared_memory_status, status="404")


async def with_asyncio():
    async with triton_aio.InferenceServerClient(url) as asynchronous:
        checks.check("asyncio: live", await asynchronous.is_server_live())
        checks.check("asyncio: model ready", await asynchronous.is_model_ready(model))
        check_answer("asyncio: infer", await asynchronous.infer(model, matrix()))
        check_answer("asyncio: gzip", await asynchronous.infer(model, matrix(), request_compression_algorithm="gzip"))
        results = await asyncio.gather(*(asynchronous.infer(model, matrix(binary=False)) for _ in range(4)))
        for number, result in enumerate(results):
            check_answer(f"asyncio: together {number}", result)


for group in [health, metadata, matrices, tensors_by_feature, forms, refusals, administration]:
    checks.run(group.__name__, group)
checks.run("asyncio", lambda: asyncio.run(with_asyncio()))
client.close()
checks.close()
