import Basics
import Foundation
import ModelFiles
import TestSupport
import Testing

/// Every check of the reader, each by the file that it refuses.
@Suite struct HostileGGUFTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    /// Words of the message's first line, and of the place it names.
    var what: String
    var place: String
    var change: @Sendable (inout GGUFBuilder) -> Void

    init(_ name: String, _ what: String, _ place: String, _ change: @escaping @Sendable (inout GGUFBuilder) -> Void) {
      self.name = name
      self.what = what
      self.place = place
      self.change = change
    }

    var testDescription: String { name }
  }

  static let header: [Case] = [
    Case("other magic", "not a GGUF file", "x.gguf") { $0.magic = Array("GGML".utf8) },
    Case("version 1", "version 1 is not supported", "header") { $0.version = 1 },
    Case("version 4", "version 4 is not supported", "header") { $0.version = 4 },
    Case("big-endian", "big-endian", "header") { $0.version = 0x0300_0000 },
    Case("tensor count", "impossible number of tensors", "header") { $0.tensorCount = .max },
    Case("key count", "impossible number of metadata entries", "header") { $0.keyCount = 1 << 60 },
    Case("key twice", "occurs twice", "key `a`") { $0.metadata += [("a", .uint32(1)), ("a", .uint32(2))] },
    Case("empty key", "empty or not plain ASCII", "metadata entry") { $0.set("", .uint32(1)) },
    Case("unicode key", "empty or not plain ASCII", "metadata entry") { $0.set("ключ", .uint32(1)) },
    Case("long key", "name is too long", "metadata entry") { $0.set(String(repeating: "k", count: 65536), .uint32(1)) },
    Case("value type", "unknown metadata type 13", "key `a`") { $0.set("a", .raw(13, [])) },
    Case("truth value", "neither 0 nor 1", "key `a`") { $0.set("a", .bool(2)) },
    Case("string length", "impossible number of string bytes", "key `a`") { $0.set("a", .raw(8, little(UInt64.max))) },
    Case("string beyond Int", "impossible number", "key `a`") { $0.set("a", .raw(8, little(UInt64(1) << 63))) },
    Case("string bytes", "not valid UTF-8", "key `a`") { $0.set("a", .raw(8, little(UInt64(2)) + [0xc3, 0x28])) },
    Case("array count", "impossible number of array elements", "key `a`") {
      $0.set("a", .raw(9, little(UInt32(10)) + little(UInt64.max / 8)))
    },
    Case("nested array", "arrays of arrays", "key `a`") { $0.set("a", .raw(9, little(UInt32(9)) + little(UInt64(0)))) },
    Case("array string length", "impossible number of string bytes", "key `a`") {
      $0.set("a", .raw(9, little(UInt32(8)) + little(UInt64(1)) + little(UInt64(1) << 40)))
    },
    Case("alignment 0", "impossible alignment", "general.alignment") { $0.set("general.alignment", .uint32(0)) },
    Case("alignment 24", "impossible alignment", "general.alignment") { $0.set("general.alignment", .uint32(24)) },
    Case("alignment 2 MiB", "impossible alignment", "general.alignment") {
      $0.set("general.alignment", .uint32(1 << 21))
    },
    Case("alignment as text", "impossible alignment", "general.alignment") {
      $0.set("general.alignment", .string("32"))
    },
  ]

  static let table: [Case] = [
    Case("name twice", "occurs twice", "tensor `output_norm.weight`") { $0.tensors.append($0.tensors.last!) },
    Case("no name", "has no name", "tensor 11") { $0.tensors.append(.init("", [1])) },
    Case("long name", "name is too long", "tensor 11") {
      $0.tensors.append(.init(String(repeating: "n", count: 64), [1]))
    },
    Case("rank 0", "number of dimensions", "tensor `t`") { $0.tensors.append(.init("t", [])) },
    Case("rank 5", "number of dimensions", "tensor `t`") { $0.tensors.append(.init("t", [1, 1, 1, 1, 1])) },
    Case("rank 2³²", "number of dimensions", "tensor `t`") {
      $0.tensors.append(.init("t", [1]))
      $0.tensors[11].rank = .max
    },
    Case("dimension 0", "impossible dimensions", "tensor `t`") { $0.tensors.append(.init("t", [0])) },
    Case("dimension over Int", "impossible dimensions", "tensor `t`") {
      $0.tensors.append(.init("t", [.max], data: []))
    },
    Case("product overflow", "impossible dimensions", "tensor `t`") {
      $0.tensors.append(.init("t", [1 << 32, 1 << 32], data: []))
    },
    Case("unknown type", "unknown tensor type 77", "tensor `t`") { $0.tensors.append(.init("t", [32], type: 77)) },
    Case("removed type", "unknown tensor type 4", "tensor `t`") { $0.tensors.append(.init("t", [32], type: 4)) },
    Case("part of a block", "not whole blocks", "tensor `t`") { $0.tensors.append(.init("t", [40], type: 3)) },
    Case("offset not aligned", "not aligned", "tensor `t`") { $0.tensors.append(.init("t", [1], offset: 4)) },
    Case("beyond the end", "past the end", "tensor `t`") { $0.tensors.append(.init("t", [1 << 20], data: [0])) },
    Case("offset overflow", "past the end", "tensor `t`") {
      $0.tensors.append(.init("t", [8], offset: UInt64.max - 31))
    },
    Case("bytes overflow", "past the end", "tensor `t`") {
      $0.tensors.append(.init("t", [1 << 62], type: 28, data: []))
    },
    Case("overlap", "share bytes", "token_embd.weight") { $0.tensors.append(.init("t", [8], offset: 32)) },
  ]

  @Test(arguments: header + table)
  func `a hostile file is refused by name`(_ one: Case) throws {
    var file = GGUFBuilder.tinyLlama
    one.change(&file)
    let error = #expect(throws: UserError.self) { try GGUFFile(path: "x.gguf", data: Data(file.bytes)) }
    #expect(error?.what.contains(one.what) == true, "\(String(describing: error))")
    #expect(error?.location?.contains(one.place) == true, "\(String(describing: error))")
    #expect(error?.location?.hasPrefix("x.gguf") == true)
    #expect(error?.exitCode == .badData)
  }

  @Test func `a file cut anywhere is refused`() throws {
    let bytes = GGUFBuilder.tinyLlama.bytes
    _ = try GGUFFile(path: "x.gguf", data: Data(bytes))
    let cuts = Array(0..<1400) + stride(from: 1400, to: bytes.count, by: 997) + [bytes.count - 1]
    for length in cuts where length < bytes.count {
      #expect(throws: UserError.self, "\(length)") { try GGUFFile(path: "x.gguf", data: Data(bytes[..<length])) }
    }
  }

  @Test func `versions 2 and 3, every metadata type, other alignments`() throws {
    for (version, alignment) in [(2, 32), (3, 64), (3, 1)] {
      var file = GGUFBuilder.tinyLlama
      file.version = UInt32(version)
      file.alignment = alignment
      file.set("general.alignment", .uint32(UInt32(alignment)))
      let raw: [(UInt32, [UInt8])] = [
        (0, [255]), (1, [255]), (2, [255, 255]), (3, [255, 255]), (5, [255, 255, 255, 255]),
        (10, little(UInt64.max)), (11, little(Int64(-5))), (12, little((0.5).bitPattern)),
      ]
      for (type, bytes) in raw { file.set("type.\(type)", .raw(type, bytes)) }
      file.set("list", .int32s([1, -2, 3]))
      let read = try GGUFFile(path: "x.gguf", data: Data(file.bytes))
      #expect(read.metadata["type.0"] == .unsigned(255) && read.metadata["type.1"] == .signed(-1))
      #expect(read.metadata["type.2"] == .unsigned(65535) && read.metadata["type.3"] == .signed(-1))
      #expect(read.metadata["type.5"] == .signed(-1) && read.metadata["type.10"] == .unsigned(.max))
      #expect(read.metadata["type.11"] == .signed(-5) && read.metadata["type.12"] == .float(0.5))
      #expect(try read.integers(#require(read.metadata["list"]?.array)) == [1, -2, 3])
      let norm = try read.elements(of: #require(read.tensor(named: "output_norm.weight")))
      #expect(norm == (0..<32).map { (Float($0) / 7).truncatingRemainder(dividingBy: 2) })
    }
  }
}
