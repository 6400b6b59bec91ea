// A candidate source proposes items for a request. To add one: a file pair and a line in setup.cc
// (docs/adding/candidate_source.md); the contract suite then runs it by itself.
//
// Sources propose; eligibility.h decides what may be shown. Each is const and may be called by any
// thread. A source whose proposals come from the log alone also serves the learner, where there is
// no request (`request` is null): a source that needs one proposes nothing then.

#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "candidates/candidate.h"
#include "candidates/live_items.h"
#include "candidates/pool.h"
#include "candidates/trail.h"

namespace ante {

struct SourceContext {
  const LiveItems& live;
  const Trail& trail;
  std::uint32_t now_s = 0;
  const CandidateRequest* request = nullptr;
};

class CandidateSource {
 public:
  virtual ~CandidateSource() = default;
  virtual std::string_view name() const = 0;
  // Touches its items in `pool` with `bit`. Deterministic.
  virtual void propose(const SourceContext& context, SourceBits bit, Pool& pool) const = 0;
};

// All sources in their fixed order: the bit of source i is 1 << i, and is stored. Only append.
class CandidateSources {
 public:
  CandidateSources();  // setup.cc
  ~CandidateSources();

  void propose(const SourceContext& context, Pool& pool) const;
  std::size_t size() const { return sources_.size(); }
  std::string_view name(std::size_t source) const { return sources_[source]->name(); }

 private:
  std::vector<std::unique_ptr<CandidateSource>> sources_;
};

inline constexpr SourceBits kSuppliedSource = 1U << 15;  // the caller's own hand
inline constexpr SourceBits kSafeSource = 1U << 14;      // the safe default, scored beside the rest

}  // namespace ante
