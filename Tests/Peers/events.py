"""A TensorBoard event file by TensorBoard's own protocol buffers, and TensorBoard's reading of any event file.

    python events.py                 writes Tests/Golden/events.json: what is in the file, and its bytes
    python events.py FOLDER          prints what TensorBoard's loader finds in every event file below a folder
"""

import json
import pathlib
import sys
import tempfile

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCALARS = [["training/loss", 0.6931471805599453, 10, 100.5], ["training/loss", 0.25, 300, 101.25], ["metrics/safety", 0.0, 300, 102.0],
           ["metrics/cost", -1.5, 300, 102.0]]
HYPERPARAMETERS = {"arm": "BFPO", "tau": 0.25, "usesBuffer": True, "isFlipped": False, "seed": 0, "note": "τ"}


def hparams(tag, field, message):
    data = plugin_data_pb2.HParamsPluginData(**{field: message})
    value = summary_pb2.Summary.Value(tag=tag)
    value.metadata.plugin_data.plugin_name = "hparams"
    value.metadata.plugin_data.content = data.SerializeToString(deterministic=True)
    value.tensor.CopyFrom(tensor_pb2.TensorProto(dtype=1, float_val=[0.0]))
    value.tensor.tensor_shape.dim.add(size=1)
    return summary_pb2.Summary(value=[value])


def events():
    yield event_pb2.Event(wall_time=100.0, file_version="brain.Event:2")
    start = plugin_data_pb2.SessionStartInfo(group_name="BFPO 0.25", start_time_secs=100.0)
    for name, value in HYPERPARAMETERS.items():
        if isinstance(value, bool):
            start.hparams[name].bool_value = value
        elif isinstance(value, str):
            start.hparams[name].string_value = value
        else:
            start.hparams[name].number_value = value
    yield event_pb2.Event(wall_time=100.0, summary=hparams("_hparams_/session_start_info", "session_start_info", start))
    for tag, value, step, time in SCALARS:
        summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, simple_value=value)])
        yield event_pb2.Event(wall_time=time, step=step, summary=summary)
    end = plugin_data_pb2.SessionEndInfo(status=2, end_time_secs=102.0)
    yield event_pb2.Event(wall_time=102.0, summary=hparams("_hparams_/session_end_info", "session_end_info", end))


def write():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "golden"
        with open(path, "wb") as file:
            writer = RecordWriter(file)
            for event in events():
                writer.write(event.SerializeToString(deterministic=True))
            writer.flush()
        data = path.read_bytes() if path.exists() else b""
    document = {
        "about": "made by Tests/Peers/events.py with TensorBoard's protocol buffers", "hyperparameters": HYPERPARAMETERS,
        "group": "BFPO 0.25", "scalars": SCALARS, "hex": data.hex()}
    (ROOT / "Tests/Golden/events.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read(folder):
    from tensorboard.backend.event_processing import event_accumulator

    for path in sorted(pathlib.Path(folder).rglob("*tfevents*")):
        accumulator = event_accumulator.EventAccumulator(str(path), size_guidance={"scalars": 0})
        accumulator.Reload()
        tags = accumulator.Tags()["scalars"]
        print(path.relative_to(folder), len(tags), "scalars", {t: accumulator.Scalars(t)[-1].value for t in tags[:3]})
        hparams_metadata = accumulator.PluginTagToContent("hparams")
        for tag, content in hparams_metadata.items():
            data = plugin_data_pb2.HParamsPluginData.FromString(content)
            print("  ", tag, str(data).replace("\n", " ")[:160])


if __name__ == "__main__":
    read(sys.argv[1]) if len(sys.argv) > 1 else write()
