#include "candidates/sources.h"

namespace ante {

CandidateSources::CandidateSources() {
  // The order is stored in decision records: only append.
  sources_.push_back(make_graph_source());
  sources_.push_back(make_trending_source());
  sources_.push_back(make_fresh_source());
  sources_.push_back(make_own_source());
  sources_.push_back(make_topic_source());
  sources_.push_back(make_text_source());
}

CandidateSources::~CandidateSources() = default;

void CandidateSources::propose(const SourceContext& context, Pool& pool) const {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    sources_[i]->propose(context, static_cast<SourceBits>(1U << i), pool);
  }
}

}  // namespace ante
