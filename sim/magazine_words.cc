#include "sim/magazine_words.h"

#include <array>

namespace ante::sim {

namespace {

constexpr std::array<TopicWords, kTopicCount> kTopics = {{
    {"watches", "Watches", 1.6F, 1.5F}, {"fashion", "Fashion", 1.5F, 1.5F},
    {"shoes", "Shoes", 0.9F, 0.9F},     {"grooming", "Grooming", 1.0F, 1.0F},
    {"fitness", "Fitness", 1.2F, 1.2F}, {"food", "Food", 1.3F, 1.2F},
    {"coffee", "Coffee", 0.8F, 0.8F},   {"whisky", "Whisky", 0.8F, 0.8F},
    {"cars", "Cars", 1.2F, 0.4F},       {"cycling", "Cycling", 0.8F, 0.8F},
    {"travel", "Travel", 1.2F, 1.2F},   {"outdoors", "Outdoors", 1.0F, 1.0F},
    {"gear", "Gear", 1.3F, 1.3F},       {"home", "Home", 0.7F, 0.9F},
    {"music", "Music", 0.9F, 0.9F},     {"films", "Films", 1.0F, 1.1F},
    {"books", "Books", 0.7F, 0.9F},     {"games", "Games", 0.9F, 0.9F},
    {"money", "Money", 0.9F, 0.9F},     {"fatherhood", "Fatherhood", 0.8F, 0.4F},
    {"gifts", "Gifts", 0.0F, 0.0F},
}};

constexpr std::size_t kSubjects = 10;
constexpr std::array<std::array<std::string_view, kSubjects>, kArticleTopicCount> kSubjectsOf = {{
    {"field watches", "the hand-wound chronograph", "dive watches on dry land", "old quartz",
     "watch straps", "a first mechanical watch", "the dress watch", "small cases", "watch repair",
     "the steel bracelet"},
    {"the navy overcoat", "raw denim", "the unlined jacket", "knitted ties", "good white shirts",
     "linen in the city", "the chore coat", "grey flannel", "second-hand tailoring",
     "the plain T-shirt"},
    {"desert boots", "the black Oxford", "resoling", "white trainers", "loafers in winter",
     "hiking boots", "shoe trees", "the monk strap", "canvas shoes", "suede"},
    {"the safety razor", "beards in summer", "plain soap", "sunscreen", "the barber", "aftershave",
     "dry skin", "grey hair", "cold water", "the five-minute routine"},
    {"the kettlebell", "slow running", "rest days", "pull-ups", "the morning stretch",
     "swimming lengths", "training after forty", "the rowing machine", "stairs", "sleep"},
    {"sourdough", "the cast-iron pan", "roast chicken", "knife sharpening", "tinned fish",
     "Sunday soup", "fermented chillies", "the office lunch", "cooking for one", "beans"},
    {"the moka pot", "filter coffee", "hand grinders", "light roasts", "espresso at home",
     "the third cup", "cold brew", "decaf", "the office machine", "milk foam"},
    {"peated malts", "blended whisky", "the small distillery", "rye", "the tasting glass",
     "cask strength", "the highball", "independent bottlers", "water in whisky", "the last dram"},
    {"the small estate car", "electric second-hands", "manual gearboxes", "the long commute",
     "rust", "roadside repairs", "night driving", "the family van", "classic insurance",
     "winter tyres"},
    {"gravel bikes", "the city commute", "steel frames", "bicycle lights", "the first century ride",
     "tubeless tyres", "cargo bikes", "rain gear", "hill climbs", "the wet chain"},
    {"the night train", "carry-on only", "islands out of season", "the cheap hotel",
     "walking cities", "travelling alone", "ferries", "the layover", "mountain huts",
     "maps on paper"},
    {"wild camping", "the wool base layer", "day hikes", "camp stoves", "river swimming", "knots",
     "the light pack", "sleeping bags", "bad weather", "foraging"},
    {"pocket knives", "mechanical keyboards", "the everyday bag", "torches",
     "noise-cancelling headphones", "paper notebooks", "repairable phones", "multi-tools",
     "the good umbrella", "chargers"},
    {"house plants", "the reading chair", "oak tables", "warm light", "the small kitchen",
     "bookshelves", "good bedding", "tool sheds", "paint", "the quiet bedroom"},
    {"vinyl", "jazz in the kitchen", "the long album", "small concerts", "the baritone guitar",
     "synthesizers", "choirs", "the mixtape", "drummers", "listening in the dark"},
    {"slow thrillers", "the matinee", "black and white", "sequels", "the courtroom drama",
     "subtitles", "heist films", "documentaries", "film scores", "the bad ending"},
    {"Russian novels", "short stories", "the unread pile", "poetry for beginners", "biographies",
     "crime in paperback", "rereading", "essays", "the library card", "footnotes"},
    {"co-op evenings", "chess at lunch", "the long role-playing game", "board games for two",
     "old consoles", "puzzle boxes", "city builders", "card games", "the difficulty slider",
     "pub quizzes"},
    {"index funds", "the emergency fund", "pensions", "the second income", "mortgages",
     "talking about pay", "spending diaries", "insurance", "the big purchase", "debt"},
    {"bedtime stories", "the school run", "teenagers", "building dens", "screen time",
     "packed lunches", "learning to ride", "the first camping trip", "homework", "quiet Saturdays"},
}};

// {0} stands for the subject; {1} for the subject with a capital.
constexpr std::size_t kPatterns = 14;
constexpr std::array<std::string_view, kPatterns> kTitles = {
    "The honest guide to {0}",
    "{1}, explained",
    "In praise of {0}",
    "What nobody tells you about {0}",
    "A weekend with {0}",
    "Five mistakes everyone makes with {0}",
    "Starting with {0}",
    "The case against {0}",
    "A year of {0}",
    "{1} on a budget",
    "How we changed our mind about {0}",
    "{1}: questions from readers",
    "A short history of {0}",
    "The quiet pleasure of {0}",
};

constexpr std::array<std::string_view, 6> kOpenings = {
    "We asked four people who know more about {0} than is good for them.",
    "There are two ways to think about {0}, and most of us start with the wrong one.",
    "It began with a letter from a reader about {0}.",
    "You do not need much to begin: some patience, a little money and an interest in {0}.",
    "For a month this office talked about little but {0}.",
    "Ten years ago we would have laughed at a long piece about {0}.",
};
constexpr std::array<std::string_view, 6> kMiddles = {
    "The cheap version is nearly always good enough, and where it is not we say so.",
    "What surprised us was how much of the advice is handed down and never tried.",
    "Buy once, look after it, and mend it before you replace it.",
    "The experts disagreed on everything but the first step.",
    "We made every mistake in this text ourselves, some of them twice.",
    "None of it is difficult. It only takes longer than the adverts say.",
};
constexpr std::array<std::string_view, 5> kEndings = {
    "Begin small, keep notes, and tell us how it went.",
    "If you only remember one thing, remember to take your time.",
    "Next month: what to do when it goes wrong.",
    "The rest is taste, and yours is as good as ours.",
    "Keep this page; it will still be true next year.",
};

constexpr std::array<Thing, 36> kThings = {{
    {0, "Field watch 38", 189, false, "olive|black|sand"},
    {0, "Canvas watch strap", 24, false, "navy|grey"},
    {0, "Dive watch 40", 420, false, "blue|black"},
    {0, "Watch roll for four", 68, false, ""},
    {1, "Chore coat", 145, false, "indigo|ecru"},
    {1, "Oxford shirt", 79, false, "white|blue"},
    {1, "Wool scarf", 55, false, "charcoal|rust"},
    {1, "Knitted tie", 39, false, ""},
    {2, "Desert boots", 135, false, "sand|brown"},
    {2, "Cedar shoe trees", 32, false, ""},
    {2, "White trainers", 110, false, ""},
    {3, "Safety razor", 48, false, ""},
    {3, "Razor blades, 50", 14, true, ""},
    {3, "Shaving soap", 16, true, ""},
    {4, "Kettlebell 16 kg", 62, false, ""},
    {4, "Skipping rope", 19, false, ""},
    {5, "Cast-iron pan", 74, false, ""},
    {5, "Chef's knife", 96, false, ""},
    {6, "Moka pot", 36, false, ""},
    {6, "House espresso, 1 kg", 27, true, ""},
    {6, "Filter roast, 500 g", 17, true, ""},
    {7, "Tasting glasses, pair", 29, false, ""},
    {7, "House blend, 70 cl", 38, true, ""},
    {9, "Front light", 45, false, ""},
    {9, "Rain cape", 88, false, "yellow|black"},
    {11, "Merino base layer", 72, false, "grey|green"},
    {11, "Camp stove", 59, false, ""},
    {12, "Pocket knife", 54, false, "walnut|steel"},
    {12, "Everyday bag", 129, false, "olive|black"},
    {12, "Notebook, plain, 3", 15, true, ""},
    {13, "Reading lamp", 98, false, ""},
    {16, "A year of short stories", 22, false, ""},
    {kGiftTopic, "Girl's party dress", 49, false, "blue|red"},
    {kGiftTopic, "Wooden farm", 58, false, ""},
    {kGiftTopic, "First paint box", 24, false, ""},
    {kGiftTopic, "Picture atlas", 28, false, ""},
}};

constexpr std::array<std::string_view, 40> kFirstNames = {
    "Anders",  "Bo",    "Carl",   "Dario", "Emil",    "Finn",   "Georg",  "Hugo",
    "Ivan",    "Jonas", "Karim",  "Lars",  "Magnus",  "Nils",   "Oscar",  "Pavel",
    "Quentin", "Rune",  "Stefan", "Tomas", "Ulf",     "Viktor", "Walter", "Xavier",
    "Yusuf",   "Zoran", "Adam",   "Benno", "Clement", "David",  "Erik",   "Felix",
    "Gustav",  "Henry", "Isak",   "Jakob", "Kasper",  "Leo",    "Mikkel", "Nora"};

std::string filled(std::string_view pattern, std::string_view subject) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '{' || i + 2 >= pattern.size()) {
      text.push_back(pattern[i]);
      continue;
    }
    const std::size_t start = text.size();
    text.append(subject);
    if (pattern[i + 1] == '1' && text[start] >= 'a' && text[start] <= 'z') {
      text[start] = static_cast<char>(text[start] - 'a' + 'A');
    }
    i += 2;
  }
  return text;
}

// Each pair of subject and pattern once, before any comes again.
std::size_t pattern_of(std::size_t number) {
  return (number / kSubjects + 3 * (number % kSubjects)) % kPatterns;
}

std::string_view subject_of(std::size_t topic, std::size_t number) {
  return kSubjectsOf[topic % kArticleTopicCount][number % kSubjects];
}

}  // namespace

std::span<const TopicWords> topic_words() { return kTopics; }

std::string article_title(std::size_t topic, std::size_t number) {
  std::string title = filled(kTitles[pattern_of(number)], subject_of(topic, number));
  const std::size_t round = number / (kSubjects * kPatterns);
  if (round > 0) title += ", part " + std::to_string(round + 1);
  return title;
}

std::string article_text(std::size_t topic, std::size_t number) {
  const std::string_view subject = subject_of(topic, number);
  std::string text = filled(kOpenings[(number + topic) % kOpenings.size()], subject);
  text += ' ';
  text += kMiddles[(number / 2 + topic) % kMiddles.size()];
  text += ' ';
  text += kMiddles[(number / 2 + topic + 2) % kMiddles.size()];
  text += ' ';
  text += kEndings[(number + 2 * topic) % kEndings.size()];
  return text;
}

std::span<const Thing> things() { return kThings; }

std::string_view first_name(std::size_t number) { return kFirstNames[number % kFirstNames.size()]; }

}  // namespace ante::sim
