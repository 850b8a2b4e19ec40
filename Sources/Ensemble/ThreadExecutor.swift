import Foundation

/// Gives each job a thread of its own.
///
/// Engines compute for minutes without a pause. On Swift's pool, which has one thread a core, they
/// would keep every other task waiting: a progress bar, or the task that is to cancel them.
final class ThreadExecutor: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let body = Unmanaged.passRetained(
      ThreadBody { job.runSynchronously(on: self.asUnownedTaskExecutor()) })
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, 1 << 23)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    // Foundation's own thread would not say that the system has none to give.
    let status = pthread_create(&thread, &attributes, threadMain, body.toOpaque())
    if status != 0 { body.takeRetainedValue().run() }
  }
}

/// What a thread is to do, for C.
private final class ThreadBody {
  let run: () -> Void

  init(_ run: @escaping () -> Void) { self.run = run }
}

#if canImport(Darwin)
  private let threadMain: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
    Unmanaged<ThreadBody>.fromOpaque($0).takeRetainedValue().run()
    return nil
  }
#else
  private let threadMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
    Unmanaged<ThreadBody>.fromOpaque($0!).takeRetainedValue().run()
    return nil
  }
#endif
