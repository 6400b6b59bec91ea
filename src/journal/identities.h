// The raw id beside a person's hash, written once: Table::kIdentity is the only place of raw ids.
//
// In:   the records of a group. Out: rows for people whose raw id is not in the table.
// A bounded table in RAM remembers exactly (no false "written") who was seen lately; for others
// the store is asked. Owned by the committer thread.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "domain/record.h"
#include "store/store.h"

namespace ante {

inline constexpr std::size_t kIdentitiesRemembered = 1u << 18;  // 4 MB

std::string encode_identity(const RoutingId& id);
Result<RoutingId> decode_identity(std::string_view bytes);

class Identities {
 public:
  explicit Identities(const Store& store) : store_(store), remembered_(kIdentitiesRemembered) {}

  // The rows to write for `record`'s person, if any. `record.identity` may be none.
  // An erasure (kErase) removes the row, in order with the other records of the person.
  Result<void> rows_for(const NewRecord& record, std::vector<Row>& rows);
  // The rows since the last commit did not become durable: ask the store again.
  void failed();

 private:
  PersonHash& slot_of(PersonHash person);

  const Store& store_;
  std::vector<PersonHash> remembered_;
};

}  // namespace ante
