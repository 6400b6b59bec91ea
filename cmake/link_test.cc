// Links the whole archive of one module against the modules its row in docs/layers.txt names.
int main() { return 0; }
