#include "ranking/organic_model.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "candidates/decay.h"

namespace ante {

namespace {

constexpr std::uint8_t kOrganicModelFormat = 1;
constexpr std::size_t kHandSize = 64;   // of the listwise step
constexpr std::size_t kOthersMin = 48;  // of them not the person's own, where there are so many
constexpr double kMixtureStepMin = 0.001;
constexpr double kMixtureShareMin = 1e-4;
constexpr float kSharedRate = 0.05F;
constexpr float kContextRate = 0.03F;
constexpr float kContextShrink = 0.99999F;

// Parts after the half-lives.
enum Part : std::size_t {
  kLastFast = kHalfLives,
  kLastSlow,
  kTrailFast,
  kTrailSlow,
  kOwn,
  kConstant,
  kTopic,
};

constexpr float kConstantShare = 1e-5F;
constexpr float kTopicShare = 1e-3F;
constexpr std::size_t kBackoffHalfLife = 2;  // one hour
constexpr float kTopicStepDecay = 0.9F;
constexpr std::size_t kTopicSteps = 12;

float days_between(std::uint32_t from_s, std::uint32_t to_s) {
  return to_s > from_s ? static_cast<float>(to_s - from_s) / 86400.0F : 0.0F;
}
float minutes_between(std::uint32_t from_s, std::uint32_t to_s) {
  return to_s > from_s ? static_cast<float>(to_s - from_s) / 60.0F : 0.0F;
}

}  // namespace

OrganicWeights::OrganicWeights() {
  for (auto& context : mixture) context.fill(1.0F / kOrganicParts);
  shared[0] = 1;
}

OrganicScene::OrganicScene(const LiveItems& live, const Trail& trail, std::uint32_t now_s,
                           const OrganicWeights& weights)
    : live_(live),
      trail_(trail),
      weights_(weights),
      now_s_(now_s),
      context_(trail_context(trail, now_s)) {
  const auto totals = live.totals(now_s);
  for (std::size_t h = 0; h < kHalfLives; ++h)
    inverse_totals_[h] = 1.0F / (totals[h] + kPopularityTotalMin);
  float weight = 1;
  for (std::size_t i = 0; i < trail.steps.size(); ++i) {
    own_total_ += trail.steps[i].count;
    if (i >= kTopicSteps) continue;
    for (const std::uint32_t topic : live.stats(trail.steps[i].item, now_s).topics) {
      if (topic == 0) continue;
      TrailTopic& place = trail_topics_[place_of(trail_topics_, topic)];
      place.topic = topic;
      place.weight += weight;
    }
    trail_topics_total_ += weight;
    weight *= kTopicStepDecay;
  }
}

std::size_t OrganicScene::place_of(const std::array<TrailTopic, kTrailTopics>& topics,
                                   std::uint32_t topic) {
  static_assert(kTopicSteps * kItemTopicsLive < kTrailTopics / 2);  // there is always a free place
  std::size_t i = topic % kTrailTopics;
  while (topics[i].topic != 0 && topics[i].topic != topic) i = (i + 1) % kTrailTopics;
  return i;
}

void OrganicScene::cut(OrganicItem& item) const {
  item.stats = live_.stats(item.pool.item, now_s_);
  auto& parts = item.parts;
  for (std::size_t h = 0; h < kHalfLives; ++h)
    parts[h] = item.stats.popularity[h] * inverse_totals_[h];
  parts[kLastFast] = item.pool.last_fast;
  parts[kLastSlow] = item.pool.last_slow;
  parts[kTrailFast] = item.pool.trail_fast;
  parts[kTrailSlow] = item.pool.trail_slow;
  parts[kOwn] = own_share(item.pool);
  parts[kConstant] = kConstantShare;
  item.topic_match = topic_match(item.stats.topics);
  parts[kTopic] = item.topic_match * kTopicShare;
  const auto& mixture = weights_.mixture[context_];
  float share = 0;
  for (std::size_t k = 0; k < kOrganicParts; ++k) share += mixture[k] * parts[k];
  item.cut = log2_fast(share + 1e-9F);
}

float OrganicScene::own_share(const PoolEntry& item) const {
  if (item.own_step < 0) return 0;
  const TrailStep& step = trail_.steps[static_cast<std::size_t>(item.own_step)];
  return static_cast<float>(step.count) / (own_total_ + 5.0F);
}

float OrganicScene::topic_match(std::span<const std::uint32_t> topics) const {
  if (!(trail_topics_total_ > 0)) return 0;
  float match = 0;
  for (const std::uint32_t topic : topics) {
    if (topic != 0) match = std::max(match, trail_topics_[place_of(trail_topics_, topic)].weight);
  }
  return match / trail_topics_total_;
}

float OrganicScene::cut(const PoolEntry& item, float popularity_share, float topic_match) const {
  const auto& mixture = weights_.mixture[context_];
  const float share = popularity_share + mixture[kLastFast] * item.last_fast +
                      mixture[kLastSlow] * item.last_slow + mixture[kTrailFast] * item.trail_fast +
                      mixture[kTrailSlow] * item.trail_slow + mixture[kOwn] * own_share(item) +
                      mixture[kConstant] * kConstantShare +
                      mixture[kTopic] * topic_match * kTopicShare;
  return log2_fast(share + 1e-9F);
}

void OrganicScene::score(OrganicItem& item) const {
  auto& x = item.x;
  const auto& parts = item.parts;
  x.fill(0);
  x[0] = item.cut;
  const float lift = 1.0F / (parts[kBackoffHalfLife] + 1e-4F);
  const float silent_s =
      static_cast<float>(now_s_ > item.stats.last_s ? now_s_ - item.stats.last_s : 0);
  std::array<float, 16> logs{};
  for (std::size_t h = 0; h < kHalfLives; ++h) logs[h] = parts[h] + 1e-6F;
  logs[8] = 1 + parts[kLastFast] * lift;
  logs[9] = 1 + parts[kLastSlow] * lift;
  logs[10] = 1 + parts[kTrailFast] * lift;
  logs[11] = 1 + parts[kTrailSlow] * lift;
  logs[12] = 1 + minutes_between(item.stats.first_s, now_s_);
  logs[13] = 1 + silent_s;
  logs[14] = logs[15] = 1;
  log2_each(logs);
  for (std::size_t i = 0; i < 12; ++i) x[1 + i] = logs[i] * 0.25F;
  x[13] = logs[12] * 0.1F;
  if (item.pool.own_step >= 0) {
    const TrailStep& step = trail_.steps[static_cast<std::size_t>(item.pool.own_step)];
    const auto count = static_cast<float>(step.count);
    x[14] = 1;
    x[15] = log2_fast(1 + count);
    x[16] = log2_fast(1 + days_between(step.last_s, now_s_)) * 0.25F;
    x[17] = step.last_s + 1800 > trail_.last_s ? 1.0F : 0.0F;  // of the last visit
    x[18] = log2_fast((count + 0.2F) / (static_cast<float>(trail_.visits) + 1));
  }
  x[19] = x[13] * x[13];
  x[20] = logs[13] * 0.1F;
  x[21] = item.topic_match;
  x[22] = item.topic_match / (1 + minutes_between(item.stats.first_s, now_s_) / 1440.0F);
  if (item.pool.own_step >= 0) {
    std::copy(x.begin(), x.begin() + 14, x.begin() + 24);
    x[38] = x[20];
  }
  const auto& own = weights_.by_context[context_];
  float s = 0;
  for (std::size_t f = 0; f < kOrganicFeatures; ++f) s += (weights_.shared[f] + own[f]) * x[f];
  item.score = s;
}

void keep_best_cut(std::vector<OrganicItem>& items, std::size_t size) {
  if (items.size() <= size) return;
  std::nth_element(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(size - 1),
                   items.end(), [](const OrganicItem& a, const OrganicItem& b) {
                     return a.cut != b.cut ? a.cut > b.cut : a.pool.item < b.pool.item;
                   });
  items.resize(size);
}

OrganicTrainer::OrganicTrainer() {
  shared_squares_.fill(1);
  for (auto& context : context_squares_) context.fill(1);
}

void OrganicTrainer::learn(const OrganicScene& scene, std::vector<OrganicItem>& items,
                           const std::vector<bool>& came) {
  const std::size_t context = scene.context();
  learn_mixture(context, items, came);

  // The hand: the best by cut, and at least kOthersMin that are not the person's own.
  std::vector<std::uint32_t> order(items.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto better = [&](std::uint32_t a, std::uint32_t b) {
    return items[a].cut != items[b].cut ? items[a].cut > items[b].cut : a < b;
  };
  const std::size_t size = std::min(kHandSize, order.size());
  std::partial_sort(
      order.begin(),
      order.begin() + static_cast<std::ptrdiff_t>(std::min(order.size(), 2 * kHandSize)),
      order.end(), better);
  std::vector<const OrganicItem*> hand;
  std::vector<bool> hand_came;
  std::size_t others = 0;
  bool any = false;
  bool any_own = false;
  for (std::size_t i = 0; i < std::min(order.size(), 2 * kHandSize); ++i) {
    OrganicItem& item = items[order[i]];
    const bool own = item.pool.own_step >= 0;
    if (i >= size && (own || others >= kOthersMin)) continue;
    scene.score(item);
    hand.push_back(&item);
    hand_came.push_back(came[order[i]]);
    any = any || came[order[i]];
    any_own = any_own || own;
    if (!own) ++others;
  }
  if (!any) return;
  ++weights_.steps;
  learn_listwise(context, hand, hand_came);
  if (!any_own) return;
  // And once among the new ones alone: where own items are excluded, the rest must rank as well.
  std::vector<const OrganicItem*> fresh;
  std::vector<bool> fresh_came;
  for (std::size_t i = 0; i < hand.size(); ++i) {
    if (hand[i]->pool.own_step >= 0) continue;
    fresh.push_back(hand[i]);
    fresh_came.push_back(hand_came[i]);
  }
  if (std::find(fresh_came.begin(), fresh_came.end(), true) != fresh_came.end()) {
    learn_listwise(context, fresh, fresh_came);
  }
}

void OrganicTrainer::learn_mixture(std::size_t context, const std::vector<OrganicItem>& items,
                                   const std::vector<bool>& came) {
  auto& mixture = weights_.mixture[context];
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!came[i]) continue;
    std::array<double, kOrganicParts> share{};
    double total = 0;
    for (std::size_t k = 0; k < kOrganicParts; ++k) {
      share[k] = static_cast<double>(mixture[k]) * static_cast<double>(items[i].parts[k]);
      total += share[k];
    }
    if (!(total > 0)) continue;
    mixture_steps_[context] += 1;
    const double step = std::max(1.0 / (mixture_steps_[context] + 20), kMixtureStepMin);
    double sum = 0;
    std::array<double, kOrganicParts> next{};
    for (std::size_t k = 0; k < kOrganicParts; ++k) {
      const auto old = static_cast<double>(mixture[k]);
      next[k] = std::max(old + step * (share[k] / total - old), kMixtureShareMin);
      sum += next[k];
    }
    for (std::size_t k = 0; k < kOrganicParts; ++k) mixture[k] = static_cast<float>(next[k] / sum);
  }
}

void OrganicTrainer::learn_listwise(std::size_t context,
                                    const std::vector<const OrganicItem*>& hand,
                                    const std::vector<bool>& came) {
  float best = -1e30F;
  float positives = 0;
  for (std::size_t i = 0; i < hand.size(); ++i) {
    best = std::max(best, hand[i]->score);
    positives += came[i] ? 1.0F : 0.0F;
  }
  if (positives == 0) return;
  std::vector<float> share(hand.size());
  float total = 0;
  for (std::size_t i = 0; i < hand.size(); ++i)
    total += share[i] = exp2_fast(hand[i]->score - best);
  std::array<float, kOrganicFeatures> gradient{};
  const float scale = std::sqrt(positives);
  for (std::size_t i = 0; i < hand.size(); ++i) {
    const float error = ((came[i] ? 1.0F : 0.0F) / positives - share[i] / total) * scale;
    for (std::size_t f = 0; f < kOrganicFeatures; ++f) gradient[f] += error * hand[i]->x[f];
  }
  auto& own = weights_.by_context[context];
  auto& own_squares = context_squares_[context];
  for (std::size_t f = 0; f < kOrganicFeatures; ++f) {
    const float g = gradient[f];
    shared_squares_[f] += g * g;
    weights_.shared[f] += kSharedRate * g / std::sqrt(shared_squares_[f]);
    own_squares[f] += g * g;
    own[f] = (own[f] + kContextRate * g / std::sqrt(own_squares[f])) * kContextShrink;
  }
}

std::string OrganicTrainer::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kOrganicModelFormat);
  out.u64(weights_.steps);
  for (std::size_t c = 0; c < kTrailContexts; ++c) {
    out.f64(mixture_steps_[c]);
    for (const float v : weights_.mixture[c]) out.f32(v);
    for (const float v : weights_.by_context[c]) out.f32(v);
    for (const float v : context_squares_[c]) out.f32(v);
  }
  for (const float v : weights_.shared) out.f32(v);
  for (const float v : shared_squares_) out.f32(v);
  return bytes;
}

Result<void> OrganicTrainer::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kOrganicModelFormat)
    return data_loss("organic model: the checkpoint has an unknown format");
  OrganicTrainer next;
  bool finite = true;
  const auto read = [&](float& v) {
    v = in.f32();
    finite = finite && std::isfinite(v);
  };
  next.weights_.steps = in.u64();
  for (std::size_t c = 0; c < kTrailContexts; ++c) {
    next.mixture_steps_[c] = in.f64();
    for (float& v : next.weights_.mixture[c]) read(v);
    for (float& v : next.weights_.by_context[c]) read(v);
    for (float& v : next.context_squares_[c]) read(v);
  }
  for (float& v : next.weights_.shared) read(v);
  for (float& v : next.shared_squares_) read(v);
  if (!in.ok() || !in.at_end() || !finite)
    return data_loss("organic model: the checkpoint is damaged");
  *this = next;
  return {};
}

}  // namespace ante
