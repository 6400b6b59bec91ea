// Events from outside, in the shape of Segment's HTTP API: read, checked, understood, stored.
//
// In:   a body and who sent it; what the sender is called in HTTP terms is the caller's business.
// Out:  records to the journal, and one reply when they are durable and folded.
//
// Who may claim what: a publishable key acts on the anonymousId of its message. A userId sent with
// it links only with a person token for that user or with `trust_browser`; else it is an
// unverified claim that is kept in the event and links nothing. A secret key links at once.
// Item attributes come from the catalogue of this moment and are kept in the event: a fold never
// reads today's catalogue. docs/formats/events.md has the fields and the names we understand.
//
// Every method may be called from any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/metrics.h"
#include "base/result.h"
#include "catalog/catalog.h"
#include "domain/event.h"
#include "domain/ids.h"
#include "domain/impression_token.h"
#include "journal/journal.h"
#include "profile/profile_store.h"

namespace ante {

inline constexpr std::size_t kPeopleImportBytesMax = 8u << 20;  // one call of people:import
inline constexpr std::size_t kPeopleImportLinesMax = 10'000;
inline constexpr DurationMs kBrowserEventAgeMsMax = 30 * kDayMs;  // older: the clock is wrong

enum class KeyClass : std::uint8_t { kPublishable = 1, kSecret = 2 };

// Who sends. `person`: the userId that a person token, verified by the caller, vouches for.
struct IngestCaller {
  TenantId tenant = kFirstTenant;
  KeyClass key = KeyClass::kPublishable;
  std::optional<std::string> person;
  bool strict = false;  // one message refused: nothing of the call is stored
};

// What the address says the body is. kBatch and kImport hold {"batch": […]}; kImport is for old
// timestamps (secret key only).
enum class EndpointKind : std::uint8_t {
  kTrack = 1,
  kIdentify,
  kPage,
  kScreen,
  kGroup,
  kAlias,
  kBatch,
  kImport
};
// "track", "t", …; none: no such endpoint.
std::optional<EndpointKind> endpoint_of(std::string_view last_path_segment);

struct RejectedMessage {
  std::size_t index = 0;
  std::string message_id;  // empty = it had none
  std::string pointer;     // "#/batch/1/event"; of a single call "#/event"
  std::string detail;
};

// What became of a call.
struct IngestReply {
  // The whole call is refused and nothing is stored: kInvalidArgument (never send it again) or
  // kUnavailable (send it again later).
  std::optional<Error> refused;
  std::size_t accepted = 0;    // stored now
  std::size_t duplicates = 0;  // stored before, or twice in the call: success, not counted again
  std::vector<RejectedMessage> rejected;  // with `strict`: if any, nothing was stored
};

struct IngestOptions {
  bool trust_browser = false;           // identity.trustBrowser
  const TokenSigner* tokens = nullptr;  // to believe properties.anteToken; none: it is ignored
};

class Ingest {
 public:
  // Borrowed objects outlive it. `person_key` makes person hashes.
  Ingest(Journal& journal, const Catalog& catalog, const ProfileStore& people, const Clock& clock,
         const SecretKey& person_key, IngestOptions options, Metrics& metrics);
  ~Ingest();

  using Done = std::function<void(IngestReply)>;

  // `done` is called once: here when nothing is to be stored, else on the journal's thread, where
  // it must not block. Received at the clock's now.
  void accept(const IngestCaller& caller, EndpointKind endpoint, std::string_view body, Done done);

  // people:import: NDJSON lines or a JSON array of {"userId", "traits", "at"?}; secret key only.
  // The traits become facts with provenance imported.
  void import_people(const IngestCaller& caller, std::string_view body, Done done);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ante
