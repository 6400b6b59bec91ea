// Which routing ids belong to one person, as far as the log says: a fold of its link records.
//
// Joins and reports find the decisions of somebody who comes back under another id. Only verified
// links count. One thread. At most kLinkedIdsMax ids; later links are counted and not followed.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "domain/ids.h"
#include "domain/record.h"

namespace ante {

inline constexpr std::size_t kLinkedIdsMax = 4'000'000;

struct PersonHasher {
  std::size_t operator()(PersonHash person) const { return person.value.lo; }
};

class PersonLinks {
 public:
  // What one record joined: `gone` is now represented by `kept`.
  struct Joined {
    PersonHash kept, gone;
  };
  // Reads kLink records; others are ignored. None when nothing changed.
  std::optional<Joined> consume(const CommittedRecord& record);
  // Who stands for this id: itself when it is not linked.
  PersonHash representative(PersonHash person) const;
  std::uint64_t beyond_limit() const { return beyond_limit_; }

  void save(std::string& bytes) const;
  Result<void> load(std::string_view bytes);

 private:
  std::unordered_map<PersonHash, PersonHash, PersonHasher> parents_;
  std::uint64_t beyond_limit_ = 0;
};

}  // namespace ante
