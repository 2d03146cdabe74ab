import Basics
import Reporting
import TestSupport
import Testing

/// Event files against the bytes that TensorBoard's own protocol buffers and record writer make (`Tests/Peers/events.py`).
@Suite struct EventFileTests {
  @Test func `an event file has the bytes of TensorBoard's writer`() throws {
    let reference = try golden("events.json", as: JSONValue.self)
    var file = EventFile(time: 100)
    file.addHyperparameters(
      try #require(reference["hyperparameters"]?.object), group: try #require(reference["group"]?.string), time: 100)
    for scalar in try #require(reference["scalars"]?.array) {
      let fields = try #require(scalar.array)
      file.addScalar(
        try #require(fields[0].string), try #require(fields[1].number), step: Int(try #require(fields[2].number)),
        time: try #require(fields[3].number))
    }
    file.addEnd(succeeded: false, time: 102)
    let hex = file.bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    #expect(hex == reference["hex"]?.string)
  }
}
