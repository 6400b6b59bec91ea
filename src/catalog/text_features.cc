#include "catalog/text_features.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "base/hash.h"

namespace ante {
namespace {

constexpr std::size_t kSimilarTerms = 8;
constexpr std::uint32_t kNoItem = 0xffffffff;
constexpr float kSaturation = 1.2F;  // k1 of BM25

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 1;
};

// The code point at the start of `text`; a wrong byte stands for itself as a separator.
CodePoint next_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (bytes == 0 || bytes > text.size()) return {0, 1};
  std::uint32_t value = first & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {0, 1};
    value = value << 6 | (byte(i) & 0x3f);
  }
  return {value, bytes};
}

bool is_cjk(std::uint32_t c) {
  return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x3400 && c <= 0x9fff) ||
         (c >= 0xac00 && c <= 0xd7a3);
}

bool in_word(std::uint32_t c) {
  if (c < 0x80) return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  if (c < 0xc0) return c == 0xaa || c == 0xb5 || c == 0xba;
  if (c == 0xd7 || c == 0xf7) return false;
  return !(c >= 0x2000 && c <= 0x2bff) && !(c >= 0x3000 && c <= 0x303f) &&
         !(c >= 0xff00 && c <= 0xff0f);
}

// Of Latin, Greek and Cyrillic; others have no case or keep it.
std::uint32_t lower(std::uint32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 0x20;
  if ((c >= 0xc0 && c <= 0xde) || (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
    return c + 0x20;
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177)) return c | 1;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) return c + (c & 1);
  if (c >= 0x400 && c <= 0x40f) return c + 0x50;
  return c;
}

void append_utf8(std::uint32_t c, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

// False: the terms are full.
bool add_term(std::string_view word, std::uint8_t weight, std::size_t terms_max,
              std::vector<TermCount>& terms) {
  const auto term = static_cast<std::uint32_t>(hash64(word, 4));
  const auto same = std::ranges::find(terms, term, &TermCount::term);
  if (same != terms.end()) {
    same->count = static_cast<std::uint8_t>(std::min(255, same->count + weight));
    return true;
  }
  if (terms.size() >= terms_max) return false;
  terms.push_back({term, weight});
  return true;
}

}  // namespace

void add_terms(std::string_view text, std::uint8_t weight, std::size_t terms_max,
               std::vector<TermCount>& terms) {
  std::string word;
  std::size_t letters = 0;
  bool digit = false, room = true;
  const auto flush = [&] {
    if (letters > 2 || (digit && letters > 0)) room = add_term(word, weight, terms_max, terms);
    word.clear();
    letters = 0;
    digit = false;
  };
  while (!text.empty() && room) {
    const CodePoint c = next_code_point(text);
    text.remove_prefix(c.bytes);
    if (!in_word(c.value)) {
      flush();
      continue;
    }
    const bool alone = is_cjk(c.value);
    if (alone) flush();
    if (letters < 64) append_utf8(lower(c.value), word);
    ++letters;
    digit = digit || (c.value >= '0' && c.value <= '9') || alone;
    if (alone && room) flush();
  }
  if (room) flush();
}

std::vector<TermCount> terms_of(const Item& item) {
  std::vector<TermCount> terms;
  for (const std::string& topic : item.topics) add_terms(topic, 1, kTextTermsPerItemMax, terms);
  add_terms(item.title, 2, kTextTermsPerItemMax, terms);
  add_terms(item.text, 1, kTextTermsPerItemMax, terms);
  return terms;
}

// Items in the order of their numbers, their terms, and for each term its items.
struct TextIndex::Segment {
  struct Posting {
    std::uint32_t packed;  // place in items << 8 | count
    std::uint32_t place() const { return packed >> 8; }
    std::uint32_t count() const { return packed & 0xff; }
  };
  static_assert(kTextItemsMax < 1U << 24);

  std::vector<ItemIndex> items;
  std::vector<std::uint32_t> first_term;  // of an item, in item_terms; one more than items
  std::vector<std::uint32_t> item_terms;
  std::vector<std::uint8_t> item_counts;
  std::vector<std::uint32_t> terms;          // sorted, distinct
  std::vector<std::uint32_t> first_posting;  // of a term; one more than terms
  std::vector<Posting> postings;

  void add(ItemIndex item, std::span<const TermCount> counts) {
    items.push_back(item);
    if (first_term.empty()) first_term.push_back(0);
    for (const TermCount& t : counts) {
      item_terms.push_back(t.term);
      item_counts.push_back(t.count);
    }
    first_term.push_back(static_cast<std::uint32_t>(item_terms.size()));
  }

  std::optional<std::size_t> place_of(ItemIndex item) const {
    const auto at = std::ranges::lower_bound(items, item);
    if (at == items.end() || *at != item) return std::nullopt;
    return static_cast<std::size_t>(at - items.begin());
  }

  std::span<const std::uint32_t> terms_at(std::size_t place) const {
    return std::span(item_terms)
        .subspan(first_term[place], first_term[place + 1] - first_term[place]);
  }

  std::span<const Posting> postings_of(std::uint32_t term) const {
    const auto at = std::ranges::lower_bound(terms, term);
    if (at == terms.end() || *at != term) return {};
    const auto t = static_cast<std::size_t>(at - terms.begin());
    return std::span(postings).subspan(first_posting[t], first_posting[t + 1] - first_posting[t]);
  }

  // After the last add().
  void invert();
};

namespace {

// Pairs by term, keeping the order they stand in: least significant digit first.
void sort_by_term(std::vector<std::pair<std::uint32_t, std::uint32_t>>& pairs) {
  constexpr unsigned kDigitBits = 11;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> moved(pairs.size());
  for (unsigned shift = 0; shift < 32; shift += kDigitBits) {
    std::array<std::size_t, (1U << kDigitBits) + 1> first{};
    const auto digit = [shift](std::uint32_t term) {
      return term >> shift & ((1U << kDigitBits) - 1);
    };
    for (const auto& [term, place] : pairs) ++first[digit(term) + 1];
    for (std::size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
    for (const auto& pair : pairs) moved[first[digit(pair.first)]++] = pair;
    pairs.swap(moved);
  }
}

}  // namespace

void TextIndex::Segment::invert() {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;  // term, place << 8 | count
  pairs.reserve(item_terms.size());
  for (std::uint32_t place = 0; place < items.size(); ++place) {
    for (std::uint32_t i = first_term[place]; i < first_term[place + 1]; ++i) {
      pairs.emplace_back(item_terms[i], place << 8 | item_counts[i]);
    }
  }
  if (pairs.size() < 2048) {
    std::ranges::sort(pairs);
  } else {
    sort_by_term(pairs);
  }
  postings.reserve(pairs.size());
  for (const auto& [term, posting] : pairs) {
    if (terms.empty() || terms.back() != term) {
      terms.push_back(term);
      first_posting.push_back(static_cast<std::uint32_t>(postings.size()));
    }
    postings.push_back({posting});
  }
  first_posting.push_back(static_cast<std::uint32_t>(postings.size()));
  terms.shrink_to_fit();
  first_posting.shrink_to_fit();
}

std::size_t TextIndex::Part::live() const { return segment->items.size() - gone_count; }

std::size_t TextIndex::size() const {
  std::size_t items = 0;
  for (const Part& part : parts_) items += part.live();
  return items;
}

void TextIndex::take_out(ItemIndex item) {
  for (Part& part : parts_) {
    const auto place = part.segment->place_of(item);
    if (!place || (part.gone != nullptr && (*part.gone)[*place])) continue;
    auto gone = part.gone == nullptr
                    ? std::make_shared<std::vector<bool>>(part.segment->items.size())
                    : std::make_shared<std::vector<bool>>(*part.gone);
    (*gone)[*place] = true;
    part.gone = std::move(gone);
    ++part.gone_count;
    return;
  }
}

void TextIndex::merge_small_parts() {
  const auto too_close = [&] {
    const std::size_t n = parts_.size();
    return n >= 2 && parts_[n - 2].live() <= 2 * parts_[n - 1].live();
  };
  while (too_close()) {
    const Part b = std::move(parts_.back());
    parts_.pop_back();
    const Part a = std::move(parts_.back());
    parts_.pop_back();
    auto merged = std::make_shared<Segment>();
    std::vector<TermCount> counts;
    const auto take = [&](const Part& part, std::size_t place) {
      if (part.gone != nullptr && (*part.gone)[place]) return;
      counts.clear();
      for (std::uint32_t i = part.segment->first_term[place];
           i < part.segment->first_term[place + 1]; ++i) {
        counts.push_back({part.segment->item_terms[i], part.segment->item_counts[i]});
      }
      merged->add(part.segment->items[place], counts);
    };
    std::size_t i = 0, k = 0;
    while (i < a.segment->items.size() || k < b.segment->items.size()) {
      const bool from_a =
          k == b.segment->items.size() ||
          (i < a.segment->items.size() && a.segment->items[i] <= b.segment->items[k]);
      from_a ? take(a, i++) : take(b, k++);
    }
    if (merged->items.empty()) continue;
    merged->invert();
    parts_.push_back({.segment = std::move(merged), .gone = nullptr});
  }
}

TextIndex TextIndex::with(std::vector<Change> changes) const {
  TextIndex next = *this;
  std::ranges::sort(changes, {}, &Change::item);
  auto added = std::make_shared<Segment>();
  const bool first = next.parts_.empty();
  for (const Change& change : changes) {
    if (!first) next.take_out(change.item);
  }
  std::size_t room = kTextItemsMax - std::min(kTextItemsMax, next.size());
  for (const Change& change : changes) {
    if (change.terms.empty() || room == 0) continue;
    added->add(change.item, change.terms);
    --room;
  }
  if (!added->items.empty()) {
    added->invert();
    next.parts_.push_back({.segment = std::move(added), .gone = nullptr});
  }
  std::erase_if(next.parts_, [](const Part& part) { return part.live() == 0; });
  next.merge_small_parts();
  return next;
}

std::size_t TextIndex::items_with(std::uint32_t term) const {
  std::size_t items = 0;
  for (const Part& part : parts_) items += part.segment->postings_of(term).size();
  return items;
}

std::vector<TextMatch> TextIndex::best(std::span<const std::uint32_t> terms, ItemIndex without,
                                       std::size_t limit) const {
  std::vector<std::pair<std::size_t, std::uint32_t>> rarest_first;
  for (const std::uint32_t term : terms) {
    if (const std::size_t items = items_with(term); items > 0)
      rarest_first.emplace_back(items, term);
  }
  std::ranges::sort(rarest_first);
  const auto all = static_cast<float>(size());
  std::vector<TextMatch> hits;
  std::size_t budget = kTextPostingsPerQueryMax;
  for (const auto& [items, term] : rarest_first) {
    const auto n = static_cast<float>(items);
    const float rarity = std::log(1 + std::max(all - n, 0.0F) / (n + 0.5F) + 0.5F / (n + 0.5F));
    for (auto part = parts_.rbegin(); part != parts_.rend() && budget > 0; ++part) {
      const auto postings = part->segment->postings_of(term);
      const std::size_t read = std::min(budget, postings.size());  // the latest, if not all
      budget -= read;
      for (const Segment::Posting& p : postings.last(read)) {
        if (part->gone != nullptr && (*part->gone)[p.place()]) continue;
        const auto count = static_cast<float>(p.count());
        hits.push_back({part->segment->items[p.place()],
                        rarity * count * (kSaturation + 1) / (count + kSaturation)});
      }
    }
  }
  std::ranges::stable_sort(hits, {}, &TextMatch::item);
  std::vector<TextMatch> sums;
  for (const TextMatch& hit : hits) {
    if (hit.item == without) continue;
    if (sums.empty() || sums.back().item != hit.item) {
      sums.push_back(hit);
    } else {
      sums.back().score += hit.score;
    }
  }
  const std::size_t kept = std::min(limit, sums.size());
  std::ranges::partial_sort(sums, sums.begin() + static_cast<std::ptrdiff_t>(kept),
                            [](const auto& a, const auto& b) {
                              return std::tie(a.score, a.item) > std::tie(b.score, b.item);
                            });
  sums.resize(kept);
  return sums;
}

std::vector<TextMatch> TextIndex::search(std::string_view query, std::size_t limit) const {
  std::vector<TermCount> counts;
  add_terms(query, 1, kTextQueryTermsMax, counts);
  std::vector<std::uint32_t> terms;
  for (const TermCount& t : counts) terms.push_back(t.term);
  return best(terms, ItemIndex{kNoItem}, limit);
}

std::vector<TextMatch> TextIndex::similar(ItemIndex item, std::size_t limit) const {
  for (auto part = parts_.rbegin(); part != parts_.rend(); ++part) {
    const auto place = part->segment->place_of(item);
    if (!place || (part->gone != nullptr && (*part->gone)[*place])) continue;
    std::vector<std::pair<std::size_t, std::uint32_t>> rare;
    for (const std::uint32_t term : part->segment->terms_at(*place)) {
      if (const std::size_t items = items_with(term); items > 1) rare.emplace_back(items, term);
    }
    std::ranges::sort(rare);
    if (rare.size() > kSimilarTerms) rare.resize(kSimilarTerms);
    std::vector<std::uint32_t> terms;
    for (const auto& [items, term] : rare) terms.push_back(term);
    return best(terms, item, limit);
  }
  return {};
}

}  // namespace ante
