import Basics

/// A TensorBoard event file in memory: `Event` messages of `tensorflow/core/util/event.proto` in TFRecord framing.
///
///     record = length: UInt64 | masked CRC32C of length | data | masked CRC32C of data      (little-endian)
///
/// Source: tensorflow/core/lib/io/record_writer.cc; TensorBoard's `event.proto`, `summary.proto`, `plugins/hparams/*.proto`.
package struct EventFile {
  package private(set) var bytes: [UInt8] = []

  /// - Parameter time: seconds since 1970, UTC.
  package init(time: Double) {
    append(time: time, step: 0) { $0.add(3, text: "brain.Event:2") }
  }

  /// One number at one step. TensorBoard keeps single precision.
  package mutating func addScalar(_ tag: String, _ value: Double, step: Int, time: Double) {
    addSummary(step: step, time: time) { summary in
      summary.add(1, text: tag)
      summary.add(2, float: Float(value))
    }
  }

  /// What the HParams dashboard shows of a run's beginning: its hyper-parameters.
  package mutating func addHyperparameters(_ values: [String: JSONValue], group: String, time: Double) {
    addHParams("_hparams_/session_start_info", field: 3, time: time) { start in
      for (name, value) in values.sorted(by: { $0.key < $1.key }) {
        start.add(1) { entry in
          entry.add(1, text: name)
          entry.add(2) { addStructValue(value, to: &$0) }
        }
      }
      start.add(4, text: group)
      start.add(5, double: time)
    }
  }

  /// What the HParams dashboard shows of a run's end.
  package mutating func addEnd(succeeded: Bool, time: Double) {
    addHParams("_hparams_/session_end_info", field: 4, time: time) { end in
      end.add(1, varint: succeeded ? 1 : 2)
      end.add(2, double: time)
    }
  }

  /// A summary of the HParams plugin, which has to carry a tensor although nobody reads it: one float, 0.
  private mutating func addHParams(_ tag: String, field: Int, time: Double, _ build: (inout ProtocolBuffer) -> Void) {
    addSummary(step: 0, time: time) { summary in
      summary.add(1, text: tag)
      summary.add(8) { tensor in
        tensor.add(1, varint: 1)
        tensor.add(2) { shape in shape.add(2) { $0.add(1, varint: 1) } }
        tensor.add(5, bytes: [0, 0, 0, 0])
      }
      summary.add(9) { metadata in
        metadata.add(1) { plugin in
          plugin.add(1, text: "hparams")
          plugin.add(2) { $0.add(field, message: build) }
        }
      }
    }
  }

  private mutating func addSummary(step: Int, time: Double, _ build: (inout ProtocolBuffer) -> Void) {
    append(time: time, step: step) { event in event.add(5) { $0.add(1, message: build) } }
  }

  private mutating func append(time: Double, step: Int, _ build: (inout ProtocolBuffer) -> Void) {
    var event = ProtocolBuffer()
    event.add(1, double: time)
    if step != 0 { event.add(2, varint: step) }
    build(&event)
    var record = ProtocolBuffer()
    record.appendLittleEndian(UInt64(event.bytes.count))
    let length = record.bytes
    record.appendLittleEndian(maskedCRC32C(length))
    bytes += record.bytes + event.bytes
    var check = ProtocolBuffer()
    check.appendLittleEndian(maskedCRC32C(event.bytes))
    bytes += check.bytes
  }
}

/// `google.protobuf.Value`; what is neither number, flag nor text is written as JSON.
private func addStructValue(_ value: JSONValue, to message: inout ProtocolBuffer) {
  switch value {
  case .number(let number): message.add(2, double: number)
  case .bool(let flag): message.add(4, varint: flag ? 1 : 0)
  case .string(let text): message.add(3, text: text)
  default: message.add(3, text: (try? value.canonical()) ?? "")
  }
}
