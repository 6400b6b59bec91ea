// Any body gets one reply, and what it stores can be read again.

#include <cstdint>
#include <string_view>

#include "events/ingest.h"

namespace {

class CheckingJournal final : public ante::Journal {
 public:
  void append(std::vector<ante::NewRecord> batch, ante::Completion done) override {
    for (const ante::NewRecord& record : batch) {
      CHECK(record.header.occurred_at <= record.header.received_at);
      if (record.header.kind == ante::RecordKind::kEvent)
        CHECK(ante::decode_event(record.body).has_value());
      if (record.header.kind == ante::RecordKind::kFacts)
        CHECK(ante::decode_facts(record.body).has_value());
    }
    done(std::vector<ante::AppendOutcome>(batch.size()));
  }
  bool append_unacknowledged(ante::NewRecord) override { return true; }
  ante::Result<void> flush() override { return {}; }
  ante::Result<void> stop() override { return {}; }
  Status status() const override { return {}; }
  ante::Result<ante::Decision> find_decision(ante::DecisionId) const override {
    return ante::not_found("none");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ante;
  static const SimulatedClock clock(1795330800000);
  static ItemInterner interner;
  static const Catalog catalog(interner);
  static const ProfileStore people;
  static CheckingJournal journal;
  static Metrics metrics;
  static Ingest ingest(journal, catalog, people, clock, SecretKey{}, {}, metrics);
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  int replies = 0;
  const auto count = [&replies](const IngestReply&) { ++replies; };
  const IngestCaller secret{kFirstTenant, KeyClass::kSecret, {}, false};
  for (const EndpointKind endpoint :
       {EndpointKind::kTrack, EndpointKind::kIdentify, EndpointKind::kPage, EndpointKind::kAlias,
        EndpointKind::kBatch}) {
    ingest.accept(secret, endpoint, body, count);
    ingest.accept({}, endpoint, body, count);
  }
  ingest.import_people(secret, body, count);
  CHECK(replies == 11);
  return 0;
}
