import Basics
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFileTests {
  @Test func `what is written is read, folders are made, nothing else is left`() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "a/b/c.txt")
      try AtomicFile.write("first", to: file)
      try AtomicFile.write("second", to: file)
      #expect(try AtomicFile.read(file) == Data("second".utf8))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "a/b").path) == ["c.txt"])
    }
  }

  @Test func `a missing file is exit code 66 with the caller's advice`() {
    let error = #expect(throws: UserError.self) {
      try AtomicFile.read(URL(filePath: "/nonexistent/model.gguf"), advice: "run `./bfpo model fetch`")
    }
    #expect(error?.exitCode == .inputMissing)
    #expect(error?.location == "/nonexistent/model.gguf")
    #expect(error?.advice == "run `./bfpo model fetch`")
  }

  @Test func `a folder is not a file`() throws {
    try withTemporaryFolder { folder in
      let error = #expect(throws: UserError.self) { try AtomicFile.read(folder) }
      #expect(error?.exitCode == .badData)
    }
  }

  @Test func `a folder that cannot be made is exit code 73 and names the file`() throws {
    try withTemporaryFolder { folder in
      let obstacle = folder.appending(path: "file")
      try Data("x".utf8).write(to: obstacle)
      let error = #expect(throws: UserError.self) {
        try AtomicFile.write("y", to: obstacle.appending(path: "below/c.txt"))
      }
      #expect(error?.exitCode == .cannotCreateOutput)
      #expect(error?.location?.hasSuffix("file/below/c.txt") == true)
      #expect(error?.why?.isEmpty == false && error?.advice?.isEmpty == false)
      #expect(try Data(contentsOf: obstacle) == Data("x".utf8))
    }
  }

  @Test func `a folder without write permission is exit code 73`() throws {
    let error = #expect(throws: UserError.self) { try AtomicFile.write("x", to: URL(filePath: "/proc/bfpo/x")) }
    #expect(error?.exitCode == .cannotCreateOutput)
  }

  @Test func `a failed write leaves the old file whole`() throws {
    try withTemporaryFolder { folder in
      let target = folder.appending(path: "taken")
      try FileManager.default.createDirectory(at: target.appending(path: "inside"), withIntermediateDirectories: true)
      #expect(throws: UserError.self) { try AtomicFile.write("x", to: target) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])
    }
  }
}
