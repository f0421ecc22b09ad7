document.title = 'MeanFlow';
