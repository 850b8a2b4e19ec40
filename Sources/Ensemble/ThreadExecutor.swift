import Foundation

/// Gives each job a thread of its own.
///
/// Engines compute for minutes without a pause. On Swift's pool, which has one thread a core, they
/// would keep every other task waiting: a progress bar, or the task that is to cancel them.
final class ThreadExecutor: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let thread = Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    thread.stackSize = 1 << 23
    thread.start()
  }
}
