// Newest items of the topics the person asked for or comes back to, and of the item on the page:
// how a piece published a second ago finds its readers.

#include <algorithm>
#include <vector>

#include "candidates/sources.h"
#include "profile/features.h"

namespace ante {

namespace {

constexpr std::size_t kTopicsAsked = 6;
constexpr std::size_t kItemsATopic = 10;

class TopicSource final : public CandidateSource {
 public:
  std::string_view name() const override { return "topic"; }

  void propose(const SourceContext& context, SourceBits bit, Pool& pool) const override {
    if (context.request == nullptr) return;
    const CandidateRequest& request = *context.request;
    std::vector<std::pair<float, TopicKey>> topics;
    if (request.use_profile) {
      const PersonState& person = *request.person.state;
      for (const TopicInterest& interest : person.topics) {
        const TopicAffinity affinity = topic_affinity(person, {&interest.topic, 1}, request.now_ms);
        const float weight = 4 * affinity.told + affinity.visit + affinity.lasting;
        if (weight > 0) topics.emplace_back(weight, interest.topic);
      }
    }
    if (const Item* page = request.catalog.find(request.situation.item)) {
      for (const TopicKey topic : page->topic_keys) topics.emplace_back(1.0F, topic);
    }
    std::sort(topics.begin(), topics.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    for (std::size_t i = 0; i < std::min(topics.size(), kTopicsAsked); ++i) {
      const auto items = request.catalog.with_topic(topics[i].second);
      for (std::size_t k = 0; k < std::min(items.size(), kItemsATopic); ++k)
        pool.touch(items[k], bit);
    }
  }
};

}  // namespace

std::unique_ptr<CandidateSource> make_topic_source() { return std::make_unique<TopicSource>(); }

}  // namespace ante
