import Basics
import Foundation

@main
struct Main {
  static func main() {
    let dispatcher = Dispatcher(commands: commands, environment: ProcessInfo.processInfo.environment)
    exit(dispatcher.run(Array(CommandLine.arguments.dropFirst())).rawValue)
  }
}
