// The sources Ante comes with; setup.cc lists them.

#pragma once

#include <memory>

#include "candidates/source.h"

namespace ante {

std::unique_ptr<CandidateSource> make_graph_source();     // neighbours of the trail's last items
std::unique_ptr<CandidateSource> make_trending_source();  // the strongest at each half-life
std::unique_ptr<CandidateSource> make_fresh_source();     // just seen, and just published
std::unique_ptr<CandidateSource> make_own_source();       // what the person came to before
std::unique_ptr<CandidateSource> make_topic_source();     // newest of the person's topics
std::unique_ptr<CandidateSource> make_text_source();  // words of the search, or of the page's item

}  // namespace ante
