// libFuzzer as a library: SwiftPM insists on a main program.
import Foundation

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<CInt>,
  _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

var (count, words) = (CommandLine.argc, CommandLine.unsafeArgv)
exit(runDriver(&count, &words) { fuzz($0, $1) })
