import ModelFiles
import TestSupport
import Testing

@Suite struct DequantiseTests {
  struct Golden: Decodable {
    var cases: [Case]
  }

  struct Case: Decodable {
    var packing: String
    var number: UInt32
    var bytes: String
    var bits: [UInt32]
  }

  @Test func `every packing unpacks to the bits of the reference reader`() throws {
    let cases = try golden("dequantise.json", as: Golden.self).cases
    #expect(Set(cases.map(\.number)) == Set(Quantisation.allCases.map(\.rawValue)))
    for one in cases {
      let packing = try #require(Quantisation(rawValue: one.number))
      let bytes = bytesOfHex(one.bytes)
      let elements = dequantised(bytes.span, as: packing, count: one.bits.count)
      let wrong = zip(elements, one.bits).enumerated().first { $1.0.bitPattern != $1.1 }
      #expect(wrong == nil, "\(one.packing): element \(String(describing: wrong))")
    }
  }

  @Test func `infinities and NaN of half precision stay what they are`() {
    let bytes: [UInt8] = [0x00, 0x7c, 0x00, 0xfc, 0x01, 0x7e]
    let values = dequantised(bytes.span, as: .f16, count: 3)
    #expect(values[0] == .infinity && values[1] == -.infinity && values[2].isNaN)
  }
}

func bytesOfHex(_ text: String) -> [UInt8] {
  let digits = text.utf8.map { UInt8($0 < 58 ? $0 - 48 : $0 - 87) }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
