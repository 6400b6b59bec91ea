#include "reward/person_links.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "domain/event.h"

namespace ante {

PersonHash PersonLinks::representative(PersonHash person) const {
  // Chains are short: a person has at most kLinkMembersMax ids.
  for (auto found = parents_.find(person); found != parents_.end(); found = parents_.find(person)) {
    person = found->second;
  }
  return person;
}

std::optional<PersonLinks::Joined> PersonLinks::consume(const CommittedRecord& record) {
  if (record.header.kind != RecordKind::kLink) return std::nullopt;
  const Result<Link> link = decode_link(record.body);
  if (!link || !link->verified) return std::nullopt;
  const PersonHash a = representative(record.header.person), b = representative(link->other);
  if (a == b) return std::nullopt;
  if (parents_.size() >= kLinkedIdsMax) {
    ++beyond_limit_;
    return std::nullopt;
  }
  // The smaller hash stands for both, whichever half of the link comes first.
  const Joined joined{std::min(a, b), std::max(a, b)};
  parents_[joined.gone] = joined.kept;
  return joined;
}

void PersonLinks::save(std::string& bytes) const {
  std::vector<std::pair<PersonHash, PersonHash>> links(parents_.begin(), parents_.end());
  std::sort(links.begin(), links.end());
  ByteWriter out(bytes);
  out.varint(beyond_limit_);
  out.varint(links.size());
  for (const auto& [child, parent] : links) {
    for (const PersonHash person : {child, parent}) {
      out.u64(person.value.hi);
      out.u64(person.value.lo);
    }
  }
}

Result<void> PersonLinks::load(std::string_view bytes) {
  ByteReader in(bytes);
  beyond_limit_ = in.varint();
  const std::size_t count = in.count(32);
  parents_.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    PersonHash child, parent;
    for (PersonHash* person : {&child, &parent}) {
      person->value.hi = in.u64();
      person->value.lo = in.u64();
    }
    // The smaller stands for the larger, so there is no way round in a circle.
    if (!(parent < child)) return data_loss("links: the checkpoint is damaged");
    parents_[child] = parent;
  }
  if (!in.ok() || !in.at_end()) return data_loss("links: the checkpoint is damaged");
  return {};
}

}  // namespace ante
