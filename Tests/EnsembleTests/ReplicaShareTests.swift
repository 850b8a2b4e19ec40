import Dynamics
import Ensemble
import Testing

@Suite struct ReplicaShareTests {
  @Test(arguments: [1, 2, 5, 16, 1000], [0, 1, 7, 16, 1_000_000_000])
  func `shares follow each other without gaps and differ by one at most`(count: Int, total: Int)
    throws
  {
    var end = 0
    for index in 1...count {
      let replicas = try #require(ReplicaShare(index: index, count: count)).replicas(of: total)
      #expect(replicas.lowerBound == end)
      #expect(abs(replicas.count - total / count) <= 1)
      end = replicas.upperBound
    }
    #expect(end == total)
  }

  @Test func `a text is a share or is not`() {
    #expect(ReplicaShare("3/16")?.description == "3/16")
    for text in ["", "/", "3", "0/1", "2/1", "-1/3", "1/3/5", "1/1000001", "a/b"] {
      #expect(ReplicaShare(text) == nil, "\(text)")
    }
  }

  @Test func `a queue of ranges hands out each index once, in order`() {
    let ranges = [2..<5, 5..<5, 9..<10, 20..<20, 31..<34]
    let queue = ReplicaQueue(ranges)
    #expect(queue.count == 7)
    var taken: [Int] = []
    while let index = queue.next() { taken.append(index) }
    #expect(taken == ranges.flatMap { $0 })
    #expect(queue.next() == nil)
    #expect(ReplicaQueue([]).next() == nil)
  }
}
