#include "journal/consumer_group.h"

#include <utility>

#include "base/bytes.h"
#include "base/check.h"

namespace ante {

namespace {
constexpr std::uint8_t kGroupFormat = 1;
}

ConsumerGroup::ConsumerGroup(std::string name, std::vector<LogConsumer*> members)
    : name_(std::move(name)), members_(std::move(members)) {}

void ConsumerGroup::consume(const CommittedRecord& record) {
  for (LogConsumer* member : members_) member->consume(record);
}

void ConsumerGroup::commit_consumed(Commit commit) {
  for (LogConsumer* member : members_) member->commit_consumed(commit);
}

std::string ConsumerGroup::save() const {
  std::string bytes;
  ByteWriter out(bytes);
  out.u8(kGroupFormat);
  out.varint(members_.size());
  for (const LogConsumer* member : members_) {
    out.string(member->name());
    out.string(member->save());
  }
  return bytes;
}

Result<void> ConsumerGroup::load(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.u8() != kGroupFormat || in.varint() != members_.size())
    return data_loss(name_ + ": the checkpoint is of a format that is not known");
  std::vector<std::string_view> saved;
  for (const LogConsumer* member : members_) {
    const std::string_view member_name = in.string();
    saved.push_back(in.string());
    const std::string fresh = member->save();
    CHECK(!fresh.empty());
    if (!in.ok() || member_name != member->name() || saved.back().empty() ||
        saved.back().front() != fresh.front()) {
      return data_loss(name_ + ": the checkpoint of " + std::string(member->name()) +
                       " is of a format that is not known");
    }
  }
  if (!in.at_end()) return data_loss(name_ + ": the checkpoint is damaged");
  for (std::size_t i = 0; i < members_.size(); ++i) TRY(members_[i]->load(saved[i]));
  return {};
}

}  // namespace ante
