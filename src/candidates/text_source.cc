// Items that answer the words of the search, or share rare words with the item on the page.

#include <algorithm>
#include <vector>

#include "candidates/sources.h"
#include "catalog/text_features.h"

namespace ante {

namespace {

constexpr std::size_t kMatches = 48;
constexpr DurationMs kQueryFreshMs = 30 * kMinuteMs;  // an older search is another errand

class TextSource final : public CandidateSource {
 public:
  std::string_view name() const override { return "text"; }

  void propose(const SourceContext& context, SourceBits bit, Pool& pool) const override {
    if (context.request == nullptr) return;
    const CandidateRequest& request = *context.request;
    const TextIndex& index = request.catalog.text();
    std::string_view query = request.situation.query;
    if (query.empty() && request.use_profile &&
        request.now_ms - request.person.state->last_query_ms < kQueryFreshMs) {
      query = request.person.state->last_query;
    }
    if (!query.empty()) add(index.search(query, kMatches), 1.0F, bit, pool);
    if (request.situation.item.value == 0) return;
    if (const auto page = context.live.interner().find(request.situation.item)) {
      add(index.similar(*page, kMatches), 0.5F, bit, pool);
    }
  }

 private:
  // Scores are comparable within one answer only: the best of it counts `weight`.
  static void add(const std::vector<TextMatch>& matches, float weight, SourceBits bit, Pool& pool) {
    if (matches.empty() || !(matches.front().score > 0)) return;
    for (const TextMatch& match : matches) {
      PoolEntry& entry = pool.touch(match.item, bit);
      entry.text = std::max(entry.text, weight * match.score / matches.front().score);
    }
  }
};

}  // namespace

std::unique_ptr<CandidateSource> make_text_source() { return std::make_unique<TextSource>(); }

}  // namespace ante
