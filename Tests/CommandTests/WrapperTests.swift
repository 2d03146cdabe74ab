import Foundation
import TestSupport
import Testing

/// The wrapper `./bfpo`, in a folder with a toolchain that only pretends: it writes down how it is called, and builds a script.
@Suite struct WrapperTests {
  /// Makes `package/` (the wrapper and two sources), `toolchain/`, and `tools/` with the system commands the wrapper may use.
  private static let preparation = #"""
    set -e
    mkdir -p package/Sources toolchain/usr/bin tools elsewhere
    cp "$WRAPPER" package/bfpo
    echo one >package/Package.swift
    echo two >package/Sources/a.swift
    cat >toolchain/usr/bin/swift <<'END'
    #!/bin/sh
    echo "$*" >>"$CALLS"
    case $* in
      --version) echo "Swift version ${VERSION:-6.3.1} (fake)" ;;
      'build --version') ;;
      build*)
        if [ -n "${BREAK:-}" ]; then echo "a.swift:1: error: broken"; exit 1; fi
        sleep 0.3
        mkdir -p "$PACKAGE/.build/release"
        printf '#!/bin/sh\necho "ran in $PWD, home $BFPO_HOME, arguments $*"\ncat\nexit 65\n' >"$PACKAGE/.build/release/bfpo"
        chmod +x "$PACKAGE/.build/release/bfpo" ;;
      test*)
        echo 'swift test called'
        echo '➜ Test "needs a model" skipped: "run ./bfpo model fetch"'
        echo '✔ Test run with 2 tests passed'
        exit "${TESTS:-0}" ;;
    esac
    END
    cat >toolchain/usr/bin/clang <<'END'
    #!/bin/sh
    case $* in *openblas*) [ -z "${NO_BLAS:-}" ] || [ -f "$CALLS.installed" ] ;; esac
    END
    cat >tools/apt-get <<'END'
    #!/bin/sh
    echo "apt-get $*" >>"$CALLS"
    [ -z "${NO_NETWORK:-}" ] || exit 100
    case $* in *install*) touch "$CALLS.installed" ;; esac
    END
    printf '#!/bin/sh\nexec "$@"\n' >tools/sudo
    chmod +x package/bfpo toolchain/usr/bin/* tools/*
    export CALLS=$PWD/calls PACKAGE=$PWD/package SWIFT_HOME=$PWD/toolchain PATH="$PWD/tools:$PATH"
    cd elsewhere
    set +e

    """#

  private func run(_ script: String, _ environment: [String: String] = [:]) throws -> ProgramRun {
    try withTemporaryFolder { folder in
      let wrapper = ["WRAPPER": packageRoot.appending(path: "bfpo").path]
      return try runShell(
        Self.preparation + script, environment: environment.merging(wrapper) { $1 }, in: folder)
    }
  }

  @Test func `it builds, then runs with the arguments, the input, the folder and the exit code of the program`() throws
  {
    let result = try run(
      #"echo words | ../package/bfpo loss 'two words' --json; echo "code $?"; pwd; cd ../package && pwd -P"#)
    try #require(result.lines.count == 5, "\(result.output) \(result.errors)")
    let (ran, folder, home) = (result.lines[0], result.lines[3], result.lines[4])
    #expect(ran == "ran in \(folder), home \(home), arguments loss two words --json")
    #expect(result.lines[1] == "words" && result.lines[2] == "code 65")
    #expect(result.errors.contains("building"))
  }

  @Test func `it builds again only when something changed`() throws {
    let result = try run(
      #"""
      call() { ../package/bfpo >/dev/null </dev/null || true; grep -c '^build --package' "$CALLS"; }
      call; call
      echo three >>../package/Sources/a.swift; call; call
      echo four >../package/Sources/b.swift; call
      rm ../package/Sources/b.swift; call; call
      wc -l <"$CALLS"; ../package/bfpo >/dev/null </dev/null || true; wc -l <"$CALLS"
      """#)
    #expect(
      result.lines.prefix(7).elementsEqual(["1", "1", "2", "2", "3", "4", "4"]), "\(result.output) \(result.errors)")
    #expect(result.lines[7] == result.lines[8], "a warm start does not call the toolchain at all")
  }

  @Test func `it works through a link`() throws {
    let result = try run(#"ln -s ../package/bfpo here; ./here </dev/null"#)
    #expect(result.status == 65 && result.output.contains("/package, arguments"))
  }

  @Test func `two at once build once`() throws {
    let result = try run(
      #"""
      ../package/bfpo a </dev/null & ../package/bfpo b </dev/null & wait
      grep -c '^build --package' "$CALLS"
      """#)
    #expect(result.lines.count == 3 && result.lines.last == "1", "\(result.output) \(result.errors)")
  }

  @Test func `a failed build shows its log, is exit code 70, and is tried again`() throws {
    let result = try run(
      #"BREAK=1 ../package/bfpo </dev/null; echo "code $?"; ../package/bfpo </dev/null; echo "code $?""#)
    #expect(result.output.hasPrefix("code 70\nran in") && result.output.hasSuffix("code 65\n"))
    #expect(result.errors.contains("a.swift:1: error: broken") && result.errors.contains("the build failed"))
  }

  @Test func `missing libraries are installed`() throws {
    let result = try run(#"NO_BLAS=1 ../package/bfpo </dev/null; echo "code $?"; cat "$CALLS""#)
    #expect(result.output.contains("code 65"))
    #expect(
      result.lines.contains { $0.hasPrefix("apt-get install -y") && $0.hasSuffix("libopenblas-dev liblapacke-dev") })
    #expect(result.errors.contains("installing libopenblas-dev liblapacke-dev"))
  }

  @Test func `libraries that cannot be installed: exit code 66 and what to do`() throws {
    let result = try run(#"NO_BLAS=1 NO_NETWORK=1 ../package/bfpo </dev/null"#)
    #expect(result.status == 66)
    #expect(result.errors.contains("OpenBLAS and LAPACKE are missing") && result.errors.contains("apt-get install"))
  }

  @Test func `a toolchain that is too old: exit code 66`() throws {
    let result = try run(#"VERSION=6.1 ../package/bfpo </dev/null"#)
    #expect(result.status == 66)
    #expect(result.errors.contains("needs Swift 6.3 or newer") && result.errors.contains("is 6.1"))
  }

  @Test func `tests run with their arguments, skips are counted by reason, the exit code is theirs`() throws {
    let result = try run(#"TESTS=3 ../package/bfpo test --filter X; echo "code $?"; grep '^test' "$CALLS""#)
    #expect(result.output.contains("✔ Test run with 2 tests passed\ncode 3\n"), "the summary comes last")
    #expect(result.lines.last?.hasSuffix("--filter X") == true && result.lines.last?.contains("-c release") == true)
    #expect(result.errors.contains("ATTENTION: tests skipped: 1.") && result.errors.contains("run ./bfpo model fetch"))
  }
}
