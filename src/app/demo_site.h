// The files of the demo site: one page, one style sheet, one script. No fonts, no images, nothing
// from elsewhere. Constant; any thread.

#pragma once

#include <string>
#include <string_view>

namespace ante {

struct DemoFile {
  std::string_view name;  // below /demo/; "" is the page
  std::string_view content_type;
  std::string text;
};

// Null: there is no such file.
const DemoFile* demo_file(std::string_view name);

// The script in two parts: what a visitor sees and does (demo_site_script.cc), and the panel that
// looks behind it (demo_site_panel.cc).
std::string_view demo_script_of_pages();
std::string_view demo_script_of_panel();

}  // namespace ante
