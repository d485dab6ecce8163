SELECT category, category_path, top_category, complaints FROM categories ORDER BY category_path
